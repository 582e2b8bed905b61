"""Rules in memory: a pure function of a rule and a record's flat values."""

from collections.abc import Callable, Mapping
from typing import Any

from shared.rules.fold import LIST, TEXT, fold, fold_text
from shared.rules.model import NEGATED, ORDERING, All, Any_, Condition, Not


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
            return _holds(rule, fold(record.get(rule.field)))


def _holds(condition: Condition, value: str | None) -> bool:
    operator = condition.operator
    if operator == "is_empty":
        return value is None
    if operator == "is_not_empty":
        return value is not None
    if operator in NEGATED:
        return not _compare(NEGATED[operator], value, condition.value)
    return _compare(operator, value, condition.value)


def _compare(operator: str, value: str | None, wanted: Any) -> bool:
    if value is None:
        return False
    if operator == "in":
        return any(_compare("equals", value, item) for item in wanted)
    if operator in ORDERING:
        bound = fold(wanted)
        return bound is not None and value[0] == bound[0] != LIST and ORDERING_OF[operator](value, bound)
    if operator == "equals":
        return value == fold(wanted) or f"{LIST}{fold_text(str(wanted))}{LIST}" in value
    return _text(operator, value, fold_text(str(wanted)))


def _text(operator: str, value: str, wanted: str) -> bool:
    items = value.strip(LIST).split(LIST) if value.startswith(LIST) else [value[1:]] if value.startswith(TEXT) else []
    return any(TEXT_OF[operator](item, wanted) for item in items)


TEXT_OF: dict[str, Callable[[str, str], bool]] = {
    "begins_with": lambda item, wanted: item.startswith(wanted),
    "ends_with": lambda item, wanted: item.endswith(wanted),
    "contains": lambda item, wanted: wanted in item,
}
ORDERING_OF: dict[str, Callable[[str, str], bool]] = {
    "less_than": lambda value, bound: value < bound,
    "at_most": lambda value, bound: value <= bound,
    "greater_than": lambda value, bound: value > bound,
    "at_least": lambda value, bound: value >= bound,
}
