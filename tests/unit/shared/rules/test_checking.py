"""What is wrong with a rule is said when it is saved: where in the rule, and what to do."""

from typing import Any, get_args

import pytest

from shared.api.fields import DataType
from shared.rules import Predicate
from shared.rules.checking import problems_of, require_fitting
from shared.rules.model import Operator
from shared.rules.operators import HOLDS_ON_EMPTY, OPERANDS, OPERATORS, TITLES, TYPE_TITLES
from shared.rules.reading import BadRule, read_rule
from tests.support.rules import NOON, OPERAND_VALUES, TYPES


def test_the_table_knows_every_type_and_every_operator() -> None:
    """A type without a line would refuse all rules about it; an operator without one could never be used."""
    assert set(OPERATORS) == set(TYPE_TITLES) == set(get_args(DataType)) == set(TYPES.values())
    assert {operator for of_type in OPERATORS.values() for operator in of_type} == set(TITLES) == set(get_args(Operator))
    assert {kind for of_type in OPERATORS.values() for kind in of_type.values()} == set(OPERANDS) == set(OPERAND_VALUES)


@pytest.mark.parametrize(("data_type", "operator"), [(data_type, operator) for data_type, these in OPERATORS.items() for operator in these])
def test_what_the_table_says_of_empty_fields_is_so(data_type: Any, operator: Any) -> None:
    """The console shows it to people who write rules: it must not be a guess."""
    examples = {
        "text": "x",
        "texts": ["x"],
        "number": 1,
        "numbers": [1],
        "digits": "1",
        "boolean": True,
        "date": {"today": 0},
        "days": 0,
        "none": None,
    }
    field = next(key for key, its_type in TYPES.items() if its_type == data_type)
    rule = read_rule({"field": field, "operator": operator, "value": examples[OPERATORS[data_type][operator]]}, place="rule")
    assert problems_of(rule, TYPES, place="rule") == []
    for empty in ({}, {field: None}, {field: ""}):
        assert (Predicate(rule, NOON).why_not(empty) == []) is (operator in HOLDS_ON_EMPTY)


SHAPES: list[tuple[Any, str, str]] = [
    (5, "filter", "is neither a condition nor a group"),
    ({"any": []}, "filter.any", "at least 1 item"),
    ({"not": "x"}, "filter.not", "is neither a condition nor a group"),
    ({"all": [{"not": {"field": "name"}}]}, "filter.all.0.not.operator", "is missing"),
    ({"field": "name", "operator": "equalz", "value": 1}, "filter.operator", "did you mean equals?"),
    ({"field": "name", "operator": "equals"}, "filter", "needs a value"),
    ({"field": "name", "operator": "is_empty", "value": 1}, "filter", "takes no value"),
    ({"field": "name", "operator": "in", "value": "x"}, "filter", "needs a list"),
    ({"field": "name", "operator": "equals", "value": ["x"]}, "filter", "not a list"),
    ({"field": "name", "operator": "equals", "value": "x" * 1025}, "filter.value", "at most 1024 characters"),
    ({"field": "size", "operator": "equals", "value": 2**63}, "filter.value", "at most 18 digits"),
    ({"field": "size", "operator": "equals", "value": float("nan")}, "filter.value", "a number"),
    ({"field": "due", "operator": "equals", "value": {"date": 5}}, "filter.value.date", "ISO 8601"),
    ({"field": "due", "operator": "equals", "value": {"date": "soon"}}, "filter.value.date", "date"),
    ({"field": "due", "operator": "equals", "value": {"day": "x"}}, "filter.value", "must be"),
    ({"field": "due", "operator": "equals", "value": {"today": 1.5}}, "filter.value.today", "integer"),
    ({"field": "due", "operator": "days_forward", "value": -1}, "filter", "whole number of days"),
    ({"field": "due", "operator": "days_forward", "value": True}, "filter", "whole number of days"),
    ({"all": [{"field": "name", "operator": "is_empty", "colour": 1}]}, "filter.all.0.colour", "is not known here"),
    ({"all": [{"all": [{"field": "name", "operator": "is_empty"}] * 99}] * 3}, "filter", "more than 200 conditions"),
]


@pytest.mark.parametrize(("given", "place", "message"), SHAPES)
def test_what_is_no_rule_is_refused_at_its_place(given: Any, place: str, message: str) -> None:
    """Never a rule that means something else than what was sent."""
    with pytest.raises(BadRule) as refused:
        read_rule(given, place="filter")
    problem = refused.value.fields[0]
    assert problem["field"] == place
    assert message in problem["message"]
    assert problem["remedy"]


FITS: list[tuple[str, str, Any, str, str]] = [
    ("nam", "is_empty", None, "field", "did you mean name?"),
    ("secret", "is_empty", None, "field", "secret is nobody's business"),
    ("name", "less_than", "x", "operator", "no operator less_than"),
    ("flag", "contains", "y", "operator", "type boolean"),
    ("due", "begins_with", "2026", "operator", "type datetime"),
    ("tags", "days_backward", 3, "operator", "type text_list"),
    ("name", "equals", 5, "value", "a text that is not empty"),
    ("name", "contains", " ", "value", "a text that is not empty"),
    ("name", "in", [], "value", "a list of texts"),
    ("name", "in", ["x", 5], "value", "a list of texts"),
    ("size", "equals", "5", "value", "a number"),
    ("size", "at_most", True, "value", "a number"),
    ("flag", "equals", "yes", "value", "true or false"),
    ("due", "at_most", "2026-05-01", "value", "a day, a moment"),
]


@pytest.mark.parametrize(("field", "operator", "value", "part", "message"), FITS)
def test_what_does_not_fit_its_field_is_refused_at_its_place(field: str, operator: str, value: Any, part: str, message: str) -> None:
    """A comparison that can never hold would let nobody through, or with `not` everybody, and say nothing."""
    condition = {"field": field, "operator": operator, **({} if value is None else {"value": value})}
    rule = read_rule({"all": [{"any": [{"field": "name", "operator": "is_empty"}, condition]}]}, place="rule")
    (gap,) = problems_of(rule, TYPES, place="rule", closed={"secret": "is nobody's business"})
    assert gap.field == f"rule.all.0.any.1.{part}"
    assert message in gap.message
    assert gap.remedy
    with pytest.raises(BadRule, match=message[:10]):
        require_fitting(rule, TYPES, place="rule", closed={"secret": "is nobody's business"})
