"""Lists of people: a stretch of a sequence that exists already, or a selection that was made and sorted once."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any, overload

from sophos_central_simulator.everybody import Everybody
from sophos_central_simulator.people import People
from sophos_central_simulator.ranked import Ranked
from sophos_central_simulator.selecting import Order, Selection, groups_of

Json = dict[str, Any]

OF_NAMES = frozenset({"name", "firstName", "lastName"})


class _Rows(Sequence[Json]):
    """Rows that are made when they are cut out."""

    @overload
    def __getitem__(self, at: int) -> Json: ...
    @overload
    def __getitem__(self, at: slice) -> list[Json]: ...
    def __getitem__(self, at: int | slice) -> Json | list[Json]:
        if isinstance(at, slice):
            first, after, _step = at.indices(len(self))
            return self._cut(first, after)
        first = range(len(self))[at]
        return self._cut(first, first + 1)[0]

    def _cut(self, first: int, after: int) -> list[Json]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, eq=False)
class Stretch(_Rows):
    """Everybody in the order of a sequence, or backwards."""

    users: Everybody
    ranked: Ranked
    backwards: bool = False

    def __len__(self) -> int:
        return len(self.ranked)

    def id_at(self, place: int) -> str:
        """Return the id of whoever is at a place."""
        ref = self.ranked.stretch(place, place + 1)[0]
        return ref if isinstance(ref, str) else self.users.id_of(ref)

    def _cut(self, first: int, after: int) -> list[Json]:
        if not self.backwards:
            return [self.users.at(ref) for ref in self.ranked.stretch(first, after)]
        end = len(self)
        return [self.users.at(ref) for ref in reversed(self.ranked.stretch(end - after, end - first))]


@dataclass(frozen=True, slots=True, eq=False)
class Listed(_Rows):
    """A selection in order: the indexes of the generated, and below zero the others (-1 for the first of `kept`)."""

    users: Everybody
    kept: list[str]
    refs: "array[int]"

    def __len__(self) -> int:
        return len(self.refs)

    def _cut(self, first: int, after: int) -> list[Json]:
        return [self.users.at(ref if ref >= 0 else self.kept[-1 - ref]) for ref in self.refs[first:after]]


def listed(users: Everybody, people: People, order: Order, selection: Selection) -> Listed:
    """Select and sort; everybody may have to be looked at."""
    tests = selection.tests()
    kept = sorted(one for one, row in users.in_lists().items() if all(test(row) for test in tests))

    def id_of(ref: int) -> str:
        return users.id_of(ref) if ref >= 0 else kept[-1 - ref]

    def value(ref: int, name: str) -> str:
        return str(users.at(ref if ref >= 0 else kept[-1 - ref]).get(name, ""))

    generated = _generated(users, people, selection)
    # Both are in the order of ids already; what is equal in the order that is asked for stays so.
    refs = list(merge(generated, range(-1, -len(kept) - 1, -1), key=id_of) if kept else generated)
    for name, descending in reversed(order):
        refs.sort(key=lambda ref, at=name: value(ref, at), reverse=descending)  # type: ignore[misc]
    return Listed(users, kept, array("q", refs))


def _generated(users: Everybody, people: People, selection: Selection) -> Iterator[int]:
    """Give the indexes of the generated that are meant; what repeats among them is looked at once."""
    if selection.domain and selection.domain.lower() != people.domain:
        return iter(())
    kinds = [
        (not selection.source_type or source["type"] == selection.source_type)
        and (not selection.group_id or any(one["id"] == selection.group_id for one in groups_of({"groups": groups})))
        for source, groups in people.kinds
    ]
    some = (index for index in _searched(users, people, selection) if kinds[index % len(kinds)])
    return some if any(kinds) else iter(())


def _searched(users: Everybody, people: People, selection: Selection) -> Iterator[int]:
    term = selection.search.casefold()
    if not term:
        return users.generated()
    if OF_NAMES.issuperset(selection.search_fields):
        tests = Selection(search=selection.search, search_fields=selection.search_fields).tests()
        meant = [all(test(people.named(number)) for test in tests) for number in range(len(people.names))]
        return (index for index in users.generated() if meant[index % len(meant)])
    if selection.search_fields == ("email",) and term.endswith("@" + people.domain):
        ending = people.with_login_ending(term[: -len(people.domain) - 1])
        if ending is not None:
            return (index for index in ending if users.is_generated(index))
    tests = Selection(search=selection.search, search_fields=selection.search_fields).tests()
    return (index for index in users.generated() if all(test(people.searchable(index)) for test in tests))
