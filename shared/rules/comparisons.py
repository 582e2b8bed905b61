"""What a condition asks of one folded value: four kinds of comparison, which memory and SQL each know how to make.

This is the one definition of every operator. A new operator is a line here and a line in `operators`; neither evaluation
nor compilation changes.
"""

from dataclasses import dataclass
from typing import Any, Literal

from shared.rules.days import At, bounds_of
from shared.rules.fold import LIST, NUMBER, TEXT, fold, fold_text, text_of
from shared.rules.model import NEGATED, Condition, Day, FromToday, Moment

Part = Literal["begins_with", "ends_with", "contains"]


@dataclass(frozen=True, slots=True)
class IsEmpty:
    """There is no value."""


@dataclass(frozen=True, slots=True)
class Among:
    """The value is one of `wholes`, or a list with an item of `items`; without either nothing fits."""

    wholes: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Within:
    """The value is neither before `low` nor behind `high`, which themselves belong to it if it says so."""

    low: str
    high: str
    with_low: bool = True
    with_high: bool = False


@dataclass(frozen=True, slots=True)
class HasText:
    """One of the texts that the value holds begins with, ends with or contains `text`."""

    part: Part
    text: str


Comparison = IsEmpty | Among | Within | HasText


def comparison_of(condition: Condition, at: At) -> tuple[Comparison, bool]:
    """Return what is asked of the field's folded value, and whether the condition holds when that does (else: when it does not)."""
    operator, value = condition.operator, condition.value
    plain = NEGATED.get(operator, operator)
    return _comparison(plain, value, at), plain == operator


def _comparison(operator: str, value: Any, at: At) -> Comparison:
    match operator:
        case "is_empty":
            return IsEmpty()
        case "begins_with" | "ends_with" | "contains":
            return HasText(operator, text_of(value))
        case "days_backward" | "days_forward":
            return Within(*at.span_of(at.day(value if operator == "days_backward" else -value)))
        case "equals" | "in":
            return _equal(value, at)
        case _:
            return _ordered(operator, value, at)


def _equal(value: Any, at: At) -> Comparison:
    if isinstance(value, Day | Moment | FromToday):
        low, high = bounds_of(value, at)
        return Among(frozenset({low})) if high is None else Within(low, high)
    values = value if isinstance(value, list) else [value]
    wholes = frozenset(folded for one in values if (folded := fold(one)) is not None)
    return Among(wholes, frozenset(fold_text(str(one)) for one in values))


def _ordered(operator: str, value: Any, at: At) -> Comparison:
    """Return a span of values of the same kind: a number is neither above nor below a text."""
    if isinstance(value, Day | Moment | FromToday):
        first, behind = bounds_of(value, at)
    else:
        folded = fold(value)
        if folded is None or folded.startswith(LIST):
            return Among()
        first, behind = folded, None
    lowest, highest = (NUMBER, chr(ord(NUMBER) + 1)) if first.startswith(NUMBER) else (TEXT, chr(ord(TEXT) + 1))
    match operator:
        case "less_than":
            return Within(lowest, first)
        case "at_most":
            return Within(lowest, first, with_high=True) if behind is None else Within(lowest, behind)
        case "greater_than":
            return Within(first, highest, with_low=False) if behind is None else Within(behind, highest)
        case _:
            return Within(first, highest)


def prefixed(text: str) -> Within:
    """Return the span of the values that begin with `text`, which has a first character that says its kind."""
    kept = text
    while ord(kept[-1]) == LAST_CHARACTER:
        kept = kept[:-1]
    following = ord(kept[-1]) + 1
    # Code points of surrogates are no characters: no stored value holds one.
    return Within(text, kept[:-1] + chr(following if following != FIRST_SURROGATE else BEHIND_SURROGATES))


LAST_CHARACTER, FIRST_SURROGATE, BEHIND_SURROGATES = 0x10FFFF, 0xD800, 0xE000
