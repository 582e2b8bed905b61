"""A sorted sequence of a million rows that nobody holds: the rows follow from their place, and only exceptions are kept."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

Ref = int | str
"""A generated row by its index, or one that is kept by its id."""


@dataclass(slots=True)
class Ranked:
    """Generated rows in one order, without those in `gaps` (places), merged with the kept ones in `extras` (key and id).

    Any stretch is found in logarithmic time, wherever it begins.
    """

    count: int
    key_at: Callable[[int], str]
    index_at: Callable[[int], int]
    place_of: Callable[[int], int]
    gaps: list[int] = field(default_factory=list)
    extras: list[tuple[str, str]] = field(default_factory=list)

    def __len__(self) -> int:
        return self.count - len(self.gaps) + len(self.extras)

    def leave_out(self, index: int) -> None:
        """Leave a generated row out."""
        insort(self.gaps, self.place_of(index))

    def put(self, key: str, one: str) -> None:
        """Put a kept row in."""
        insort(self.extras, (key, one))

    def take(self, key: str, one: str) -> None:
        """Take a kept row out, which must be there with this key."""
        del self.extras[bisect_left(self.extras, (key, one))]

    def stretch(self, first: int, after: int) -> list[Ref]:
        """Return the rows from one place to before another."""
        first, after = max(first, 0), min(after, len(self))
        return list(islice(self._starting(first), max(after - first, 0)))

    def _starting(self, first: int) -> Iterator[Ref]:
        extra = bisect_left(range(len(self.extras)), first, key=self._rank_of_extra)
        wanted = first - extra
        gap = bisect_right(range(len(self.gaps)), wanted, key=lambda number: self.gaps[number] - number)
        place = wanted + gap
        while place < self.count or extra < len(self.extras):
            if gap < len(self.gaps) and place == self.gaps[gap]:
                place, gap = place + 1, gap + 1
            elif extra < len(self.extras) and (place >= self.count or self.extras[extra][0] <= self.key_at(place)):
                yield self.extras[extra][1]
                extra += 1
            else:
                yield self.index_at(place)
                place += 1

    def _rank_of_extra(self, number: int) -> int:
        below = bisect_left(range(self.count), self.extras[number][0], key=self.key_at)
        return number + below - bisect_left(self.gaps, below)
