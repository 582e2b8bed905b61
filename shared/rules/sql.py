"""Rules as SQL: the same definition as the predicate, over the folded values that are stored with each record."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, true

from shared.rules.fold import LIST, TEXT, fold, fold_text
from shared.rules.model import NEGATED, ORDERING, All, Any_, Condition, Not

FoldedColumn = Callable[[str], ColumnElement[str]]
"""Gives the SQL expression of a field's folded text; NULL when the field is empty."""
GROUP = 100


def compiled(rule: Any, column: FoldedColumn) -> ColumnElement[bool]:
    """Return the condition under which a row meets `rule`."""
    match rule:
        case All(all=rules):
            return and_(true(), *(compiled(inner, column) for inner in rules))
        case Any_(any=rules):
            return or_(false(), *(compiled(inner, column) for inner in rules))
        case Not(not_=inner):
            return not_(compiled(inner, column))
        case _:
            return _holds(rule, column(rule.field))


def _holds(condition: Condition, value: ColumnElement[str]) -> ColumnElement[bool]:
    operator = condition.operator
    if operator == "is_empty":
        return value.is_(None)
    if operator == "is_not_empty":
        return value.is_not(None)
    if operator in NEGATED:
        return not_(_compare(NEGATED[operator], value, condition.value))
    return _compare(operator, value, condition.value)


def _compare(operator: str, value: ColumnElement[str], wanted: Any) -> ColumnElement[bool]:
    if operator == "in":
        holds = _one_of(value, wanted)
    elif operator in ORDERING:
        holds = _ordered(operator, value, wanted)
    elif operator == "equals":
        holds = _equals(value, wanted)
    else:
        holds = _text(operator, value, fold_text(str(wanted)))
    return func.coalesce(holds, false())


def _equals(value: ColumnElement[str], wanted: Any) -> ColumnElement[bool]:
    item = value.contains(f"{LIST}{fold_text(str(wanted))}{LIST}", autoescape=True)
    whole = fold(wanted)
    return item if whole is None else or_(value == whole, item)


def _one_of(value: ColumnElement[str], wanted: list[Any]) -> ColumnElement[bool]:
    wholes = [folded for item in wanted if (folded := fold(item)) is not None]
    items = [value.contains(f"{LIST}{fold_text(str(item))}{LIST}", autoescape=True) for item in wanted]
    # In groups that the compiler does not flatten: SQLite takes expressions of at most 1,000 levels.
    grouped = [func.coalesce(or_(*items[start : start + GROUP]), false()) for start in range(0, len(items), GROUP)]
    return or_(false(), value.in_(wholes), and_(value.startswith(LIST), or_(false(), *grouped)))


def _ordered(operator: str, value: ColumnElement[str], wanted: Any) -> ColumnElement[bool]:
    bound = fold(wanted)
    if bound is None or bound.startswith(LIST):
        return false()
    same_kind = func.substr(value, 1, 1) == bound[0]
    compared = {
        "less_than": value < bound,
        "at_most": value <= bound,
        "greater_than": value > bound,
        "at_least": value >= bound,
    }[operator]
    return and_(same_kind, compared)


def _text(operator: str, value: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    one, several = value.startswith(TEXT), value.startswith(LIST)
    if operator == "begins_with":
        return or_(value.startswith(TEXT + wanted, autoescape=True), value.contains(LIST + wanted, autoescape=True))
    if operator == "ends_with":
        after_the_mark = func.substr(value, 2).endswith(wanted, autoescape=True)
        return or_(and_(one, after_the_mark), value.contains(wanted + LIST, autoescape=True))
    after_the_mark = func.substr(value, 2).contains(wanted, autoescape=True)
    return and_(or_(one, several), after_the_mark)
