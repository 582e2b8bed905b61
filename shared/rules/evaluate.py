"""Rules in memory: a pure function of a rule and a record's flat values."""

from collections.abc import Callable, Mapping
from typing import Any

from shared.rules.model import All, Any_, Condition, Not

NEGATED = {
    "not_equals": "equals",
    "not_begins_with": "begins_with",
    "not_ends_with": "ends_with",
    "not_contains": "contains",
}


def matches(rule: Any, record: Mapping[str, Any]) -> bool:
    """Return whether `record` meets `rule`. Text is compared without regard to case; a missing field is empty."""
    match rule:
        case All(all=rules):
            return all(matches(inner, record) for inner in rules)
        case Any_(any=rules):
            return any(matches(inner, record) for inner in rules)
        case Not(not_=inner):
            return not matches(inner, record)
        case _:
            return _holds(rule, record.get(rule.field))


def _holds(condition: Condition, value: Any) -> bool:
    operator = condition.operator
    if operator == "is_empty":
        return _empty(value)
    if operator == "is_not_empty":
        return not _empty(value)
    if operator in NEGATED:
        return not _compare(NEGATED[operator], value, condition.value)
    return _compare(operator, value, condition.value)


def _empty(value: Any) -> bool:
    return value is None or value in ("", [])


def _compare(operator: str, value: Any, wanted: Any) -> bool:
    if _empty(value):
        return False
    if isinstance(value, list):
        return any(_compare(operator, item, wanted) for item in value)
    if operator == "in":
        return any(_compare("equals", value, item) for item in wanted)
    if operator in TEXT:
        return TEXT[operator](_text(value), _text(wanted))
    left, right = _comparable(value, wanted)
    try:
        return ORDER[operator](left, right)
    except TypeError:
        return False


def _comparable(value: Any, wanted: Any) -> tuple[Any, Any]:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return _flag(value), _flag(wanted)
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return value, wanted
    return _text(value), _text(wanted)


def _text(value: Any) -> str:
    return _flag(value) if isinstance(value, bool) else str(value).casefold()


def _flag(value: Any) -> str:
    text = str(value).casefold()
    return {"true": "yes", "false": "no"}.get(text, text)


TEXT: dict[str, Callable[[str, str], bool]] = {
    "begins_with": str.startswith,
    "ends_with": str.endswith,
    "contains": lambda value, wanted: wanted in value,
}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda value, wanted: value == wanted,
    "less_than": lambda value, wanted: value < wanted,
    "at_most": lambda value, wanted: value <= wanted,
    "greater_than": lambda value, wanted: value > wanted,
    "at_least": lambda value, wanted: value >= wanted,
}
