"""Evaluating a mapping never raises, keeps types, and treats what is missing as empty."""

from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mapper.mappings.evaluate import Context, Problem, Target, evaluate
from mapper.transformations.paths import at_path
from shared.api.fields import DataType
from shared.api.mapped_from import FromConstant, FromSource
from tests.support.json_values import JSON

CONTEXT = Context({}, "credential", "2026-02-03T06:18:32+00:00")


def target(data_type: DataType, *path: str, mandatory: bool = False) -> Target:
    """Return a mapped field."""
    return Target("field", data_type, mandatory, FromSource(path=list(path)))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(record=st.dictionaries(st.sampled_from(["a", "b"]), JSON), data_type=st.sampled_from(get_args(DataType)))
def test_no_record_can_make_it_raise(record: dict[str, Any], data_type: DataType) -> None:
    """Sources send horrors; each is a value or a reason."""
    result = evaluate((target(data_type, "a"), target(data_type, "b", "0", "x")), record, CONTEXT)
    assert isinstance(result, dict | Problem)


@pytest.mark.parametrize(
    ("record", "path", "value"),
    [
        ({"a": {"b": 1}}, ["a", "b"], 1),
        ({"a": {}}, ["a", "b", "c"], None),
        ({}, ["a", "b"], None),
        ({"a-b.c d": "x"}, ["a-b.c d"], "x"),
        ({"a": [{"b": 2}]}, ["a", "0", "b"], 2),
        ({"a": [1]}, ["a", "7"], None),
        ({"a": "text"}, ["a", "0"], None),
    ],
)
def test_paths_are_data_and_missing_is_empty_at_any_depth(record: dict[str, Any], path: list[str], value: Any) -> None:
    """Keys with hyphens, dots and blanks are ordinary keys."""
    assert at_path(record, path) == value


def test_text_that_looks_like_something_else_stays_text() -> None:
    """007 is an agent, not a number."""
    for text in ("007", "1_000", "True", "None", "1,2"):
        assert evaluate((target("text", "a"),), {"a": text}, CONTEXT) == {"field": text}


def test_a_missing_mandatory_value_names_field_and_remedy() -> None:
    """The reason goes into the run's errors."""
    problem = evaluate((target("text", "a", mandatory=True),), {"a": ""}, CONTEXT)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.field) == ("missing_value", "field")
    assert problem.remedy


def test_moments_become_utc() -> None:
    """Sources write times with and without zone."""
    for given_time in ("2026-02-03T07:18:32.457+01:00", "2026-02-03T06:18:32.457Z", "2026-02-03T06:18:32.457"):
        assert evaluate((target("datetime", "a"),), {"a": given_time}, CONTEXT) == {"field": "2026-02-03T06:18:32.457Z"}


def test_a_constant_is_the_same_for_everybody() -> None:
    """Role is a constant, not a source field."""
    assert evaluate((Target("role", "text", True, FromConstant(value="Employee")),), {}, CONTEXT) == {"role": "Employee"}  # noqa: FBT003
