"""Rules in memory: a pure function of a rule, a record's flat values, and the moment at which it is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.rules.comparisons import Among, Comparison, HasText, IsEmpty, Within, comparison_of
from shared.rules.days import At
from shared.rules.fold import LIST, fold, texts_in
from shared.rules.model import All, Any_, Condition, Not

MOST_REASONS = 20
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition by which a record fails a rule: where it stands in the rule, and the value that it met."""

    path: Path
    condition: Condition
    value: Any


def matches(rule: Any, record: Mapping[str, Any], at: At) -> bool:
    """Return whether `record` meets `rule`. Text is compared without regard to case; a missing field is empty."""
    match rule:
        case All(all=rules):
            return all(matches(inner, record, at) for inner in rules)
        case Any_(any=rules):
            return any(matches(inner, record, at) for inner in rules)
        case Not(not_=inner):
            return not matches(inner, record, at)
        case _:
            comparison, wanted = comparison_of(rule, at)
            return holds(comparison, fold(record.get(rule.field))) is wanted


def why_not(rule: Any, record: Mapping[str, Any], at: At) -> list[Reason]:
    """Return the conditions by which a record fails a rule, at most `MOST_REASONS`: were they otherwise, it would meet it.

    None when it meets the rule. Of `not` they are the conditions that hold.
    """
    return _reasons(rule, record, at, (), wanted=True)[:MOST_REASONS]


def _reasons(rule: Any, record: Mapping[str, Any], at: At, path: Path, *, wanted: bool) -> list[Reason]:
    """Return what keeps `rule` from being `wanted`."""
    if matches(rule, record, at) is wanted:
        return []
    match rule:
        case All(all=rules):
            return [one for place, inner in enumerate(rules) for one in _reasons(inner, record, at, (*path, "all", place), wanted=wanted)]
        case Any_(any=rules):
            return [one for place, inner in enumerate(rules) for one in _reasons(inner, record, at, (*path, "any", place), wanted=wanted)]
        case Not(not_=inner):
            return _reasons(inner, record, at, (*path, "not"), wanted=not wanted)
        case _:
            return [Reason(path, rule, record.get(rule.field))]


def holds(comparison: Comparison, value: str | None) -> bool:
    """Return whether a folded value is what the comparison asks for; an empty one is nothing but empty."""
    if value is None or isinstance(comparison, IsEmpty):
        return value is None and isinstance(comparison, IsEmpty)
    match comparison:
        case Among(wholes=wholes, items=items):
            return value in wholes or any(f"{LIST}{item}{LIST}" in value for item in items)
        case Within(low=low, high=high, with_low=with_low, with_high=with_high):
            return (low <= value if with_low else low < value) and (value <= high if with_high else value < high)
        case HasText(part=part, text=text):
            return any(PARTS[part](one, text) for one in texts_in(value))


PARTS: dict[str, Callable[[str, str], bool]] = {
    "begins_with": str.startswith,
    "ends_with": str.endswith,
    "contains": str.__contains__,
}
