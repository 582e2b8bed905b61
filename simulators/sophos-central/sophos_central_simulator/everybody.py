"""Everybody of a tenant by id: made when they are asked for; only who was changed, added or removed is kept."""

from collections import Counter
from collections.abc import Iterator, MutableMapping
from typing import Any

from sophos_central_simulator.people import CYCLE, People
from sophos_central_simulator.ranked import Ranked, Ref

Json = dict[str, Any]


class Everybody(MutableMapping[str, Json]):
    """A mapping from ids to users. Rows are replaced, never changed in place. `version` grows with each change."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._left_out: set[int] = set()
        self._kept: dict[str, Json] = {}
        self._ghosts: dict[str, tuple[float, Json]] = {}
        self._emails: dict[str, set[str]] = {}
        self.version = 0
        count, ids = people.count, people.ids
        self.by_id = Ranked(count, ids.at, int, int)
        self.by_update = Ranked(count, people.updated_at, people.index_by_update, people.place_by_update)

    def __getitem__(self, one: str) -> Json:
        if (row := self._kept.get(one)) is not None:
            return row
        index = self._index(one)
        if index is None:
            raise KeyError(one)
        return self._people.at(index)

    def __setitem__(self, one: str, row: Json) -> None:
        self.pop(one, None)
        self._kept[one] = row
        self.by_id.put(one, one)
        self.by_update.put(_updated(row), one)
        if email := row.get("email"):
            self._emails.setdefault(email.lower(), set()).add(one)
        self.version += 1

    def __delitem__(self, one: str) -> None:
        if (row := self._kept.pop(one, None)) is not None:
            self.by_id.take(one, one)
            self.by_update.take(_updated(row), one)
            if email := row.get("email"):
                self._emails[email.lower()].discard(one)
        elif (index := self._index(one)) is not None:
            self._left_out.add(index)
            self.by_id.leave_out(index)
            self.by_update.leave_out(index)
        else:
            raise KeyError(one)
        self.version += 1

    def __contains__(self, one: object) -> bool:
        return isinstance(one, str) and (one in self._kept or self._index(one) is not None)

    def __len__(self) -> int:
        return len(self.by_id) - len(self._ghosts)

    def haunt(self, one: str, row: Json, until: float) -> None:
        """Let lists show somebody who is gone until a moment (clock seconds)."""
        self._ghosts[one] = (until, row)
        self.by_id.put(one, one)
        self.by_update.put(_updated(row), one)
        self.version += 1

    def lay_ghosts(self, now: float) -> None:
        """Take those out of the lists whose time has come."""
        for one, (until, row) in list(self._ghosts.items()):
            if until <= now:
                del self._ghosts[one]
                self.by_id.take(one, one)
                self.by_update.take(_updated(row), one)
                self.version += 1

    def __iter__(self) -> Iterator[str]:
        yield from (self._people.ids.at(index) for index in range(self._people.count) if index not in self._left_out)
        yield from list(self._kept)

    def clear(self) -> None:
        """Remove everybody."""
        for one in list(self):
            del self[one]

    def at(self, ref: Ref) -> Json:
        """Return the row that a reference from a sequence stands for."""
        if isinstance(ref, int):
            return self._people.at(ref)
        return self._kept[ref] if ref in self._kept else self._ghosts[ref][1]

    def id_of(self, index: int) -> str:
        """Return the id of a generated person."""
        return self._people.ids.at(index)

    @property
    def kept(self) -> dict[str, Json]:
        """Those who are not as they were generated."""
        return self._kept

    def in_lists(self) -> dict[str, Json]:
        """Return those who are not as they were generated, as lists show them: with those who linger."""
        return {**self._kept, **{one: row for one, (_until, row) in self._ghosts.items()}}

    def generated(self) -> Iterator[int]:
        """Give the indexes of those who are as they were generated."""
        return (index for index in range(self._people.count) if index not in self._left_out)

    def is_generated(self, index: int) -> bool:
        """Return whether the person of an index is there as they were generated."""
        return index not in self._left_out

    def with_email(self, email: str) -> set[str]:
        """Return the ids of those who have this e-mail, whatever its case."""
        found = set(self._emails.get(email.lower(), ()))
        login, _, domain = email.lower().rpartition("@")
        if domain == self._people.domain:
            some = self._people.with_login_ending(login) or ()
            found |= {self._people.ids.at(index) for index in some if index not in self._left_out and self._people.login(index) == login}
        return found

    def by_kind(self) -> Counter[int]:
        """Return how many of each kind are as they were generated."""
        counted = self._people.count_by_kind()
        counted.subtract(index % CYCLE for index in self._left_out)
        return counted

    def _index(self, one: str) -> int | None:
        index = self._people.ids.index_of(one)
        return None if index is None or index in self._left_out else index


def _updated(row: Json) -> str:
    return str(row.get("updatedAt", ""))
