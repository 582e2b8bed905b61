"""Expressions compute what they say, treat what is missing as empty, and can neither hang nor fill the memory."""

import re
from contextlib import suppress
from time import perf_counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mapper.expressions.expressions import Expression
from mapper.mappings.evaluate import SECONDS_PER_PAGE, Context, Evaluation, Problem, Target, evaluate
from mapper.transformations.failing import StepFailed
from shared.api.mapped_from import FromExpression
from tests.support.json_values import JSON

RECORD: dict[str, Any] = {
    "name": "Zoë Smith",
    "cost-centre": {"no. 1": 7},
    "groups": [{"name": "Ops"}, {"name": "Dev"}],
    "active": True,
    "none": None,
    "agent": "007",
}
EXPRESSIONS = [
    "record.v",
    "record.v.a",
    "record.v[0].b",
    "record.v + 1",
    'record.v + "x"',
    "record.v.lower()",
    'record.v.split(",").join("-")',
    "record.v.map(x, x.a)",
    "record.v.exists(x, x > 3) ? 1 : 2",
    "size(record.v)",
    "double(record.v)",
    "string(record.v)",
    "!record.v",
    "record.v < record.v",
]


def made(expression: str, record: dict[str, Any] | None = None, **inputs: str) -> Any:
    """Return what an expression gives."""
    return Expression(expression).of(RECORD if record is None else record, inputs)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('record.name.split(" ")[0].lower()', "zoë"),
        ('record["cost-centre"]["no. 1"] + 1', 8),
        ('record.groups.map(group, group.name).join(", ")', "Ops, Dev"),
        ('record.groups.exists(group, group.name == "Ops") ? "Operator" : "Employee"', "Operator"),
        ('has(record.nick) ? record.nick : "none"', "none"),
        ('inputs.region + "-" + record.agent', "eu-007"),
        ("record.agent", "007"),
        ("record.active", True),
        ("record.missing.below", None),
        ("record.none.below", None),
        ("record.agent.below", None),
        ("record.groups[7].name", None),
        ('record.name + " " + record.missing', None),
        ("record.name.substring(0, 3) + record.name.trim().upper()", "ZoëZOË SMITH"),
        ('record.name.indexOf("S")', 4),
        ('record.name.replace("Smith", "S.")', "Zoë S."),
    ],
)
def test_an_expression_gives_a_value_and_missing_is_empty(expression: str, value: Any) -> None:
    """At any depth, as with paths."""
    assert made(expression, region="eu") == value


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("1 +", "Syntax error"),
        ("recrod.name", "undeclared reference to 'recrod"),
        ('"a" + 1', "no matching overload"),
        ("import os", "reserved identifier"),
        ("record.a.map(x, record.b.map(y, y))", "loops within loops"),
        ("record.a.map(x, x).filter(x, true)", "loops within loops"),
        ("record.a.map(x, x + x)", "may not hold both map and +"),
        ('record.name.matches("(x+)+")', "use the transformation extract"),
        ("(" * 40 + "1" + ")" * 40, "recursion"),
        ('{"a": 1}', "which no field can hold"),
        ("'nul \x00'", "cannot be stored"),
        ("open('/etc/passwd')", "undeclared reference"),
    ],
)
def test_an_expression_that_cannot_be_used_says_why(expression: str, words: str) -> None:
    """When it is stored, with the place in the text."""
    with pytest.raises(ValueError, match=re.escape(words)):
        Expression(expression)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(record=st.fixed_dictionaries({"v": JSON}), expression=st.sampled_from(EXPRESSIONS))
def test_no_record_can_make_it_raise_anything_else(record: dict[str, Any], expression: str) -> None:
    """Lone surrogates, huge numbers, lists for texts: a value, or the record's reason."""
    with suppress(StepFailed):
        made(expression, record)


def test_a_reason_does_not_repeat_the_record() -> None:
    """What the library says of a value that it cannot take holds the value."""
    with pytest.raises(StepFailed) as failed:
        made("record.v", {"v": 2**80 + 4711})
    assert "4711" not in str(failed.value)
    assert "out of range" not in str(failed.value)


@pytest.mark.parametrize(
    "expression",
    [
        'record.b.split(",").map(x, [record.l.join(x), record.l.join(x), record.l.join(x), record.l.join(x), record.l.join(x)])',
        'record.b.split(",").map(x, [record.b.replace(",", "xxxxxxxxx"), record.b.replace(",", "xxxxxxxxx").lower().upper().trim()])',
        'record.b.split(",").map(x, [record.l == record.l, record.l == record.l, record.l == record.l, record.l == record.l])',
        'record.b.split(",").join(record.b).split(",").join(record.b).split(",").join(record.b)',
        'record.b.replace(",", record.b).replace(",", record.b).replace(",", record.b).replace(",", record.b)',
        "+".join(["record.b"] * 25),
        "record.l.map(x, record.l)",
    ],
)
def test_the_worst_that_can_be_written_ends_soon(expression: str) -> None:
    """Each of these has more work in it than a page may take; the bounds stop it."""
    began = perf_counter()
    with suppress(StepFailed):
        made(expression, {"l": ["x" * 49] * 200, "b": "," * 999})
    assert perf_counter() - began < 2


def test_a_record_that_is_too_large_is_refused_before_it_is_computed_with() -> None:
    """The cost of an expression grows with what it is given."""
    for record in ({"v": "x" * 100_000}, {"v": list(range(10_000))}):
        with pytest.raises(StepFailed, match="needs a record of at most"):
            made("record.v", record)
    with pytest.raises(StepFailed, match="loops, and the record has a list"):
        made("record.v.map(x, x)", {"v": list(range(201))})


def test_a_page_ends_even_when_every_record_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand slow records are a run's errors, not a worker that hangs."""
    monkeypatch.setattr("mapper.mappings.evaluate.SECONDS_PER_PAGE", 0.0)
    target = Target("full_name", "text", mandatory=False, source=FromExpression(expression="record.name"))
    problem = Evaluation((target,), Context({}, "c", "t")).of(RECORD)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.field) == ("computing_too_slow", "full_name")
    assert SECONDS_PER_PAGE > 1


def test_an_expressions_failure_is_the_records_rejection() -> None:
    """With the field and the reason."""
    target = Target("full_name", "text", mandatory=False, source=FromExpression(expression="record.active + 1"))
    problem = evaluate((target,), RECORD, Context({}, "c", "t"))
    assert isinstance(problem, Problem)
    assert (problem.code, problem.field) == ("not_computed", "full_name")
    assert "No matching overloads" in problem.message
