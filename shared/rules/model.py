"""The shape of a rule: `all`, `any`, `not`, and conditions of field, operator and value."""

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, StrictInt, Tag, field_validator, model_validator

DEEPEST = 8
"""Levels of groups within groups."""
MOST_CONDITIONS = 200
"""Conditions of one rule: a database takes no expression of more than some thousand levels."""
MOST_VALUES = 1000
"""Values of all lists of one rule: each is a parameter of the statement, and a database takes no more than some 32,000."""
LONGEST_VALUE = 1024
LARGEST_NUMBER = 2**63
MOST_DAYS = 36_500

Operator = Literal[
    "equals",
    "not_equals",
    "in",
    "not_in",
    "begins_with",
    "not_begins_with",
    "ends_with",
    "not_ends_with",
    "contains",
    "not_contains",
    "less_than",
    "at_most",
    "greater_than",
    "at_least",
    "days_backward",
    "days_forward",
    "is_empty",
    "is_not_empty",
]
WITHOUT_VALUE = {"is_empty", "is_not_empty"}
WITH_LIST = {"in", "not_in"}
COUNTING_DAYS = {"days_backward", "days_forward"}
NEGATED = {
    "not_equals": "equals",
    "not_in": "in",
    "not_begins_with": "begins_with",
    "not_ends_with": "ends_with",
    "not_contains": "contains",
    "is_not_empty": "is_empty",
}
"""Each holds where the other does not, also for an empty field."""

_STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _written(given: Any) -> Any:
    """Refuse numbers, which would be taken for seconds since 1970."""
    if isinstance(given, str | dt.date):
        return given
    raise ValueError("must be written as text, in ISO 8601")


class Day(BaseModel):
    """A whole day of the installation's zone: `{"date": "2026-05-01"}`."""

    model_config = _STRICT

    date: Annotated[dt.date, BeforeValidator(_written)]


class Moment(BaseModel):
    """A moment: `{"moment": "2026-05-01T12:00:00+02:00"}`; one without an offset is of the installation's zone."""

    model_config = _STRICT

    moment: Annotated[dt.datetime, BeforeValidator(_written)]


class FromToday(BaseModel):
    """A whole day, counted from the current one in the installation's zone: `{"today": 0}`, `{"today": -30}`."""

    model_config = _STRICT

    today: StrictInt = Field(ge=-MOST_DAYS, le=MOST_DAYS)


DATES: dict[str, type[BaseModel]] = {"date": Day, "moment": Moment, "today": FromToday}


class Condition(BaseModel):
    """One comparison of a record's field. An empty field fails every comparison but `is_empty` and the negated ones."""

    model_config = _STRICT

    field: str = Field(min_length=1, max_length=100)
    operator: Operator
    value: Any = Field(
        default=None,
        description="What the field is compared with: a text, a number, true or false; a list of them for `in`; for dates an object "
        '`{"date": "2026-05-01"}`, `{"moment": "2026-05-01T12:00:00Z"}` or `{"today": -30}`.',
    )

    @field_validator("value", mode="before")
    @classmethod
    def _one_of_ours(cls, given: Any) -> Any:
        return [_simple(item) for item in given] if isinstance(given, list) else _operand(given)

    @model_validator(mode="after")
    def _value_fits(self) -> "Condition":
        if (self.operator in WITHOUT_VALUE) is (self.value is not None):
            raise ValueError(f"{self.operator} {'needs a' if self.value is None else 'takes no'} value")
        if (self.operator in WITH_LIST) is not isinstance(self.value, list):
            raise ValueError(f"{self.operator} {'needs a list of values' if self.operator in WITH_LIST else 'takes one value, not a list'}")
        if self.operator in COUNTING_DAYS and not _is_number_of_days(self.value):
            raise ValueError(f"{self.operator} needs a whole number of days from 0 to {MOST_DAYS}")
        return self


def _operand(given: Any) -> Any:
    match given:
        case None | Day() | Moment() | FromToday():
            return given
        case dict() if len(given) == 1 and (kind := DATES.get(next(iter(given)))) is not None:
            return kind.model_validate(given)
        case dict():
            raise ValueError('must be {"date": ...}, {"moment": ...} or {"today": ...}')
        case _:
            return _simple(given)


def _simple(given: Any) -> Any:
    match given:
        case bool():
            return given
        case int() | float() if -LARGEST_NUMBER < given < LARGEST_NUMBER:
            return given
        case str() if len(given) <= LONGEST_VALUE:
            return given
        case _:
            raise ValueError(f"must be true or false, a number of at most 18 digits, or a text of at most {LONGEST_VALUE} characters")


def _is_number_of_days(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_DAYS


class All(BaseModel):
    """Every one of these; an empty list matches everything."""

    model_config = _STRICT

    all: list["Node"] = Field(max_length=100)


class Any_(BaseModel):  # noqa: N801 - `Any` is taken by typing, `any` by the language
    """At least one of these."""

    model_config = _STRICT

    any: list["Node"] = Field(min_length=1, max_length=100)


class Not(BaseModel):
    """Not this."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    not_: "Node" = Field(alias="not")


TAGS = ("all", "any", "not", "condition")


def _kind(value: Any) -> str:
    keys = value.keys() if isinstance(value, dict) else type(value).model_fields.keys() if isinstance(value, BaseModel) else ()
    return next((name for name in TAGS[:3] if name in keys or f"{name}_" in keys), "condition")


Node = Annotated[
    Union[Annotated[All, Tag("all")], Annotated[Any_, Tag("any")], Annotated[Not, Tag("not")], Annotated[Condition, Tag("condition")]],  # noqa: UP007 - forward references need the call form
    Discriminator(_kind),
]

All.model_rebuild()
Any_.model_rebuild()
Not.model_rebuild()


def too_large(given: Any) -> str | None:
    """Return what is too much about a rule, as it was sent; None when it may be read.

    Looks without recursion, level by level, before the rule is read: one that is deep enough would exhaust whoever reads it.
    """
    level, conditions, values = [given], 0, 0
    for _ in range(DEEPEST + 1):
        ends = [one for one in level if not _is_group(one)]
        conditions += len(ends)
        values += sum(_values_in(one) for one in ends)
        level = [inner for group in level for inner in _within(group)]
        if conditions + len(level) > MOST_CONDITIONS:
            return f"holds more than {MOST_CONDITIONS} conditions"
        if values > MOST_VALUES:
            return f"holds more than {MOST_VALUES} values in lists"
    return f"holds more than {DEEPEST} levels of groups" if level else None


def _is_group(rule: Any) -> bool:
    return isinstance(rule, All | Any_ | Not) or (isinstance(rule, dict) and any(name in rule for name in TAGS[:3]))


def _within(rule: Any) -> list[Any]:
    """Return the rules that a group holds, as they were sent; a condition holds none."""
    match rule:
        case All(all=rules) | Any_(any=rules):
            return list(rules)
        case Not(not_=inner):
            return [inner]
        case dict():
            turned: list[Any] = [rule["not"]] if "not" in rule else []
            return turned + [one for name in ("all", "any") if isinstance(rule.get(name), list) for one in rule[name]]
        case _:
            return []


def _values_in(condition: Any) -> int:
    value = condition.get("value") if isinstance(condition, dict) else getattr(condition, "value", None)
    return len(value) if isinstance(value, list) else 0


def _bounded(given: Any) -> Any:
    if (why := too_large(given)) is not None:
        raise ValueError(f"{why}; write it with fewer")
    return given


Rule = Annotated[Node, BeforeValidator(_bounded)]
"""A rule as it is stored and sent: `{"all": [...]}`, `{"any": [...]}`, `{"not": ...}` or a condition."""


def conditions_of(rule: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
    """Give each condition of a rule with its path: keys and places, as in the JSON."""
    match rule:
        case All(all=rules):
            for place, inner in enumerate(rules):
                yield from conditions_of(inner, (*path, "all", place))
        case Any_(any=rules):
            for place, inner in enumerate(rules):
                yield from conditions_of(inner, (*path, "any", place))
        case Not(not_=inner):
            yield from conditions_of(inner, (*path, "not"))
        case _:
            yield path, rule


def fields_of(rule: Any) -> set[str]:
    """Return the fields that a rule looks at."""
    return {condition.field for _, condition in conditions_of(rule)}
