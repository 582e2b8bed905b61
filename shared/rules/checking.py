"""Whether a rule fits the fields that it looks at: said when it is saved, since one that does not would meet nobody, or everybody."""

import difflib
from collections.abc import Iterator, Mapping

from shared.api.base import Gap
from shared.rules.model import Condition, conditions_of
from shared.rules.operators import OPERANDS, OPERATORS, FieldType, OperandKind, fits
from shared.rules.reading import bad_rule, path_of

NOTHING: Mapping[str, str] = {}


def require_fitting(rule: object, fields: Mapping[str, FieldType], *, place: str, closed: Mapping[str, str] = NOTHING) -> None:
    """Raise `BadRule` where `problems_of` finds something."""
    if gaps := problems_of(rule, fields, place=place, closed=closed):
        raise bad_rule(gaps, place=place)


def problems_of(rule: object, fields: Mapping[str, FieldType], *, place: str, closed: Mapping[str, str] = NOTHING) -> list[Gap]:
    """Return every condition about an unknown field, with an operator that its field's type lacks, or with a value that does not fit.

    `fields` gives the type of each field by key; `closed` says of some of them why no rule here may look at them.
    """
    return [
        Gap(field=path_of((place,), path, (part,)), message=message, remedy=remedy)
        for path, condition in conditions_of(rule)
        for part, message, remedy in _problems(condition, fields, closed)
    ]


def _problems(condition: Condition, fields: Mapping[str, FieldType], closed: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    key = condition.field
    if key in closed:
        yield "field", f"{key} {closed[key]}", "Use another field."
    elif key not in fields:
        near = difflib.get_close_matches(key, fields, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield "field", f"there is no field {key!r}{hint}", "Use an existing field, or add it first."
    elif condition.operator not in OPERATORS[fields[key]]:
        message = f"{key} is of type {fields[key]}, which has no operator {condition.operator}"
        yield "operator", message, f"Use one of: {', '.join(OPERATORS[fields[key]])}."
    elif not fits(condition.value, kind := OPERATORS[fields[key]][condition.operator]):
        yield "value", f"{key} is of type {fields[key]}: {condition.operator} compares it with {OPERANDS[kind].title}", _remedy(kind)


def _remedy(kind: OperandKind) -> str:
    return f"Write {OPERANDS[kind].example}." if OPERANDS[kind].example else "Leave the value out."
