"""Which operators a field has by its type, and what each is compared with: the one table that checking, the API and the documents read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from shared.rules.model import MOST_DAYS, Day, FromToday, Moment, Operator

FieldType = Literal["text", "number", "datetime", "boolean", "text_list", "person"]
OperandKind = Literal["none", "text", "texts", "number", "numbers", "digits", "boolean", "date", "days"]


@dataclass(frozen=True, slots=True)
class Operand:
    """What an operator is compared with, and how to write it."""

    title: str
    example: str
    """As JSON; empty where there is none."""


OPERANDS: dict[OperandKind, Operand] = {
    "none": Operand("nothing", ""),
    "text": Operand("a text that is not empty; case and Unicode form do not matter", '"Ada"'),
    "texts": Operand("a list of texts", '["Ada", "Grace"]'),
    "number": Operand("a number", "42"),
    "numbers": Operand("a list of numbers", "[1, 2, 3]"),
    "digits": Operand("a number, or its digits as text", '"70"'),
    "boolean": Operand("true or false", "true"),
    "date": Operand(
        "a day, a moment, or a day counted from the current one; days are those of the installation's zone",
        '{"date": "2026-05-01"}, {"moment": "2026-05-01T12:00:00Z"} or {"today": -30}',
    ),
    "days": Operand(f"a whole number of days from 0 to {MOST_DAYS}", "14"),
}

TITLES: dict[Operator, str] = {
    "equals": "Equals",
    "not_equals": "Does not equal",
    "in": "Is one of",
    "not_in": "Is none of",
    "begins_with": "Begins with",
    "not_begins_with": "Does not begin with",
    "ends_with": "Ends with",
    "not_ends_with": "Does not end with",
    "contains": "Contains",
    "not_contains": "Does not contain",
    "less_than": "<",
    "at_most": "<=",
    "greater_than": ">",
    "at_least": ">=",
    "days_backward": "Days backward",
    "days_forward": "Days forward",
    "is_empty": "Is empty",
    "is_not_empty": "Is not empty",
}

HOLDS_ON_EMPTY: frozenset[Operator] = frozenset(
    {"is_empty", "not_equals", "not_in", "not_begins_with", "not_ends_with", "not_contains"},
)
"""Operators that hold where a field is empty. Every other one fails there."""

_EMPTY: dict[Operator, OperandKind] = {"is_empty": "none", "is_not_empty": "none"}


def _same(kind: OperandKind, *operators: Operator) -> dict[Operator, OperandKind]:
    return dict.fromkeys(operators, kind)


_EQUAL: tuple[Operator, ...] = ("equals", "not_equals")
_ONE_OF: tuple[Operator, ...] = ("in", "not_in")
_PARTS: tuple[Operator, ...] = ("begins_with", "not_begins_with", "ends_with", "not_ends_with", "contains", "not_contains")
_ORDER: tuple[Operator, ...] = ("less_than", "at_most", "greater_than", "at_least")
_TEXTS: dict[Operator, OperandKind] = {**_same("text", *_EQUAL), **_same("texts", *_ONE_OF), **_same("text", *_PARTS), **_EMPTY}

OPERATORS: dict[FieldType, dict[Operator, OperandKind]] = {
    "text": _TEXTS,
    "number": {
        **_same("number", *_EQUAL),
        **_same("numbers", *_ONE_OF),
        **_same("digits", *_PARTS),
        **_same("number", *_ORDER),
        **_EMPTY,
    },
    "datetime": {**_same("date", *_EQUAL, *_ORDER), **_same("days", "days_backward", "days_forward"), **_EMPTY},
    "boolean": {**_same("boolean", *_EQUAL), **_EMPTY},
    "text_list": _TEXTS,
    "person": {**_same("text", *_EQUAL), **_same("texts", *_ONE_OF), **_EMPTY},
}
"""By type of field: its operators in the order in which they are offered, each with what it is compared with."""

TYPE_TITLES: dict[FieldType, str] = {
    "text": "Text",
    "number": "Number",
    "datetime": "Date and time",
    "boolean": "Yes or no",
    "text_list": "List of texts: holds when one item does",
    "person": "Person, by id",
}


def fits(value: Any, kind: OperandKind) -> bool:
    """Return whether a condition's value is of a kind."""
    return _FITTING[kind](value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _all(fitting: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and bool(value) and all(fitting(item) for item in value)


_FITTING: dict[OperandKind, Callable[[Any], bool]] = {
    "none": lambda value: value is None,
    "text": _is_text,
    "texts": _all(_is_text),
    "number": _is_number,
    "numbers": _all(_is_number),
    "digits": lambda value: _is_text(value) or _is_number(value),
    "boolean": lambda value: isinstance(value, bool),
    "date": lambda value: isinstance(value, Day | Moment | FromToday),
    "days": _is_number,
}
