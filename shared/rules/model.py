"""The shape of a rule: `all`, `any`, `not`, and conditions of field, operator and value."""

from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

DEEPEST = 8
"""Levels of groups within groups."""
MOST_VALUES = 1000
"""Values of one `in`: each is a parameter of the statement, and a database takes no more than some 32,000."""

Operator = Literal[
    "equals",
    "not_equals",
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
    "is_empty",
    "is_not_empty",
    "in",
]
WITHOUT_VALUE = {"is_empty", "is_not_empty"}
ORDERING = {"less_than", "at_most", "greater_than", "at_least"}
NEGATED = {
    "not_equals": "equals",
    "not_begins_with": "begins_with",
    "not_ends_with": "ends_with",
    "not_contains": "contains",
}
"""Each holds where the other does not, also for an empty field."""

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Condition(BaseModel):
    """One comparison of a record's field. An empty field fails every comparison but `is_empty` and the negated ones."""

    model_config = _STRICT

    field: str = Field(min_length=1, max_length=100)
    operator: Operator
    value: Any = None

    @model_validator(mode="after")
    def _value_fits(self) -> "Condition":
        if self.operator in WITHOUT_VALUE and self.value is not None:
            raise ValueError(f"{self.operator} takes no value")
        if self.operator not in WITHOUT_VALUE and self.value is None:
            raise ValueError(f"{self.operator} needs a value")
        if self.operator == "in" and not isinstance(self.value, list):
            raise ValueError("in needs a list of values")
        if self.operator == "in" and len(self.value) > MOST_VALUES:
            raise ValueError(f"in takes at most {MOST_VALUES} values")
        return self


class All(BaseModel):
    """Every one of these; an empty list matches everything."""

    model_config = _STRICT

    all: list["Rule"] = Field(max_length=100)


class Any_(BaseModel):  # noqa: N801 - `Any` is taken by typing, `any` by the language
    """At least one of these."""

    model_config = _STRICT

    any: list["Rule"] = Field(min_length=1, max_length=100)


class Not(BaseModel):
    """Not this."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    not_: "Rule" = Field(alias="not")


def _kind(value: Any) -> str:
    """Return the tag of what was sent; whatever is no rule at all is read, and refused, as a condition."""
    keys = value.keys() if isinstance(value, dict) else getattr(type(value), "model_fields", {}).keys()
    for name in ("all", "any", "not"):
        if name in keys or f"{name}_" in keys:
            return name
    return "condition"


Rule = Annotated[
    Union[Annotated[All, Tag("all")], Annotated[Any_, Tag("any")], Annotated[Not, Tag("not")], Annotated[Condition, Tag("condition")]],  # noqa: UP007 - forward references need the call form
    Discriminator(_kind),
]
"""A rule as it is stored and sent: `{"all": [...]}`, `{"any": [...]}`, `{"not": ...}` or a condition."""

All.model_rebuild()
Any_.model_rebuild()
Not.model_rebuild()


def is_too_deep(given: Any) -> bool:
    """Return whether a rule, as it was sent, nests groups deeper than `DEEPEST`. Looks without recursion, before the rule is read."""
    groups = [given]
    for _ in range(DEEPEST + 1):
        groups = [inner for group in groups for inner in _within(group)]
    return bool(groups)


def _within(rule: Any) -> list[Any]:
    """Return the rules that a group holds, as they were sent; a condition holds none."""
    if not isinstance(rule, dict):
        return []
    inner = [rule["not"]] if "not" in rule else []
    return inner + [one for name in ("all", "any") if isinstance(rule.get(name), list) for one in rule[name]]


def fields_of(rule: Any) -> set[str]:
    """Return the fields that a rule looks at."""
    match rule:
        case All(all=rules) | Any_(any=rules):
            return set().union(*(fields_of(inner) for inner in rules))
        case Not(not_=inner):
            return fields_of(inner)
        case _:
            return {rule.field}
