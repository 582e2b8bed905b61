"""Rules in memory: a pure function of a rule, a record's flat values, and the moment at which it is asked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shared.rules.comparisons import Among, Comparison, HasText, IsEmpty, Within, comparison_of
from shared.rules.days import At
from shared.rules.fold import LIST, fold, texts_in
from shared.rules.model import All, Any_, Condition, Not

MOST_REASONS = 20
Path = tuple[str | int, ...]
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition by which a record fails a rule: where it stands in the rule, and the value that it met."""

    path: Path
    condition: Condition
    value: Any


class Predicate:
    """A rule made ready for many records at one moment: what it compares with is worked out once."""

    def __init__(self, rule: Any, at: At) -> None:
        self._node = _node(rule, at, ())

    def __call__(self, record: Record) -> bool:
        """Return whether `record` meets the rule. Text is compared without regard to case; a missing field is empty."""
        return self._node.holds(record)

    def why_not(self, record: Record) -> list[Reason]:
        """Return the conditions by which a record fails the rule, at most `MOST_REASONS`; none when it meets it.

        Of a `not` they are conditions that hold. A rule that fails by an empty group alone has none to name.
        """
        return list(islice(self._node.reasons(record, wanted=True), MOST_REASONS))


def matches(rule: Any, record: Record, at: At) -> bool:
    """Return whether one record meets a rule; for many make one `Predicate`."""
    return Predicate(rule, at)(record)


@dataclass(frozen=True, slots=True)
class _One:
    """A condition."""

    path: Path
    condition: Condition
    comparison: Comparison
    wanted: bool

    def holds(self, record: Record) -> bool:
        return compares(self.comparison, fold(record.get(self.condition.field))) is self.wanted

    def reasons(self, record: Record, *, wanted: bool) -> Iterator[Reason]:
        if self.holds(record) is not wanted:
            yield Reason(self.path, self.condition, record.get(self.condition.field))


@dataclass(frozen=True, slots=True)
class _Group:
    """Rules of which all must hold, or one (`every` or not)."""

    nodes: tuple["_Node", ...]
    every: bool

    def holds(self, record: Record) -> bool:
        return (all if self.every else any)(node.holds(record) for node in self.nodes)

    def reasons(self, record: Record, *, wanted: bool) -> Iterator[Reason]:
        if self.holds(record) is not wanted:
            for node in self.nodes:
                yield from node.reasons(record, wanted=wanted)


@dataclass(frozen=True, slots=True)
class _Turned:
    """A rule that must not hold."""

    node: "_Node"

    def holds(self, record: Record) -> bool:
        return not self.node.holds(record)

    def reasons(self, record: Record, *, wanted: bool) -> Iterator[Reason]:
        return self.node.reasons(record, wanted=not wanted)


_Node = _One | _Group | _Turned


def _node(rule: Any, at: At, path: Path) -> _Node:
    match rule:
        case All(all=rules):
            return _Group(tuple(_node(inner, at, (*path, "all", place)) for place, inner in enumerate(rules)), every=True)
        case Any_(any=rules):
            return _Group(tuple(_node(inner, at, (*path, "any", place)) for place, inner in enumerate(rules)), every=False)
        case Not(not_=inner):
            return _Turned(_node(inner, at, (*path, "not")))
        case _:
            return _One(path, rule, *comparison_of(rule, at))


def compares(comparison: Comparison, value: str | None) -> bool:
    """Return whether a folded value is what the comparison asks for; an empty one is nothing but empty."""
    if value is None or isinstance(comparison, IsEmpty):
        return value is None and isinstance(comparison, IsEmpty)
    match comparison:
        case Among(wholes=wholes, items=items):
            return value in wholes or (value.startswith(LIST) and not items.isdisjoint(texts_in(value)))
        case Within(low=low, high=high, with_low=with_low, with_high=with_high):
            return (low <= value if with_low else low < value) and (value <= high if with_high else value < high)
        case HasText(part=part, text=text):
            return any(PARTS[part](one, text) for one in texts_in(value))


PARTS: dict[str, Callable[[str, str], bool]] = {
    "begins_with": str.startswith,
    "ends_with": str.endswith,
    "contains": str.__contains__,
}
