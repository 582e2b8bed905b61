"""Transformations give what they say, bound what they give, and fail in one way only."""

from contextlib import suppress
from time import perf_counter
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from mapper.mappings.evaluate import Context, Problem, Target, evaluate
from mapper.transformations.failing import StepFailed
from mapper.transformations.kinds import problems_of
from mapper.transformations.steps import transforming
from shared.api.fields import DataType
from shared.api.mapped_from import FromSource
from shared.api.transformations import Step
from tests.support.json_values import JSON

STEPS: TypeAdapter[list[Step]] = TypeAdapter(list[Step])
RECORD: dict[str, Any] = {"first": "Zoë", "last": "Smith", "nick": "", "groups": [{"name": "Ops"}, {"name": "Dev"}], "agent": "007"}
SAMPLES: list[dict[str, Any]] = [
    {"op": "trim"},
    {"op": "case", "to": "title"},
    {"op": "split", "separator": ","},
    {"op": "item", "index": -1},
    {"op": "pluck", "path": "name"},
    {"op": "join", "separator": ", ", "paths": [["a"]]},
    {"op": "first_of", "paths": ["a", "b"]},
    {"op": "date", "formats": ["iso", "unix", "windows", "%d.%m.%Y"], "zone": "Europe/Berlin"},
    {"op": "number", "decimal": ","},
    {"op": "map_values", "values": {"a": 1, "b": None}, "otherwise": "reject"},
    {"op": "default", "value": "x"},
    {"op": "extract", "pattern": r"(\w+)@", "group": 1},
    {"op": "replace", "pattern": "(a)(b)?", "replacement": r"\2\1"},
    {"op": "hash"},
]


def done(value: Any, *steps: dict[str, Any], record: dict[str, Any] | None = None) -> Any:
    """Return what the steps make of a value."""
    return transforming(STEPS.validate_python(list(steps)))(value, RECORD if record is None else record)


def problems(data_type: DataType, *steps: dict[str, Any]) -> list[int | None]:
    """Return at which steps a chain for a field of some type is refused."""
    return [problem.step for problem in problems_of("any", STEPS.validate_python(list(steps)), data_type)]


@pytest.mark.parametrize(
    ("value", "steps", "result"),
    [
        ("  a b ", [{"op": "trim"}], "a b"),
        ("zOË", [{"op": "case", "to": "upper"}], "ZOË"),
        (["a", " B "], [{"op": "trim"}, {"op": "case", "to": "lower"}], ["a", "b"]),
        ("a, b ,c", [{"op": "split", "separator": ","}], ["a", "b", "c"]),
        ("a,b", [{"op": "split", "separator": ","}, {"op": "item", "index": -1}], "b"),
        ("a", [{"op": "split", "separator": ","}, {"op": "item", "index": 3}], None),
        ([{"name": "Ops"}, {"name": "Dev"}, {}], [{"op": "pluck", "path": "name"}, {"op": "join", "separator": "/"}], "Ops/Dev"),
        ("Zoë", [{"op": "join", "separator": " ", "paths": ["nick", "last", "gone.below"]}], "Zoë Smith"),
        (None, [{"op": "first_of", "paths": ["nick", "last"]}], "Smith"),
        ("24.11.2026 09:30", [{"op": "date", "formats": ["%d.%m.%Y %H:%M"], "zone": "Europe/Berlin"}], "2026-11-24T08:30:00.000Z"),
        ("2026-11-24T09:30:00+05:00", [{"op": "date", "formats": ["iso"], "zone": "Europe/Berlin"}], "2026-11-24T04:30:00.000Z"),
        (1700000000, [{"op": "date", "formats": ["unix"]}], "2023-11-14T22:13:20.000Z"),
        ("133000000000000000", [{"op": "date", "formats": ["windows"]}], "2022-06-18T04:26:40.000Z"),
        ("9223372036854775807", [{"op": "date", "formats": ["windows"]}], None),
        ("1.234,5", [{"op": "number", "decimal": ","}], 1234.5),
        ("A", [{"op": "map_values", "values": {"a": "Active"}}], "Active"),
        ("q", [{"op": "map_values", "values": {"a": "Active"}, "otherwise": "empty"}], None),
        ("", [{"op": "default", "value": "none"}], "none"),
        ("CN=Zoë,OU=Ops,DC=x", [{"op": "extract", "pattern": "OU=([^,]+)", "group": 1}], "Ops"),
        ("nothing", [{"op": "extract", "pattern": "OU=([^,]+)", "group": 1}], None),
        ("zoe@old.example", [{"op": "replace", "pattern": "@old", "replacement": "@new"}], "zoe@new.example"),
        ("a", [{"op": "hash"}], "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        ("007", [{"op": "trim"}], "007"),
        (7, [{"op": "default", "value": "x"}], 7),
        (None, [{"op": "trim"}, {"op": "case", "to": "lower"}, {"op": "hash"}], None),
    ],
)
def test_each_step_does_what_it_says(value: Any, steps: list[dict[str, Any]], result: Any) -> None:
    """Missing stays missing, types stay types, a list is taken item by item."""
    assert done(value, *steps) == result


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(value=JSON, record=st.dictionaries(st.sampled_from(["a", "b", "v"]), JSON), steps=st.lists(st.sampled_from(SAMPLES), max_size=6))
def test_whatever_a_record_holds_a_chain_gives_a_value_or_its_own_error(
    value: Any, record: dict[str, Any], steps: list[dict[str, Any]]
) -> None:
    """Any chain on any JSON: one bad record must never fail its page."""
    with suppress(StepFailed):
        done(value, *steps, record=record)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(
    record=st.fixed_dictionaries({"v": JSON}),
    steps=st.lists(st.sampled_from(SAMPLES), max_size=4),
    data_type=st.sampled_from(get_args(DataType)),
)
def test_a_chain_that_fails_is_the_records_rejection(record: dict[str, Any], steps: list[dict[str, Any]], data_type: DataType) -> None:
    """The reason names the field; what was made fits the field's type or is refused."""
    source = FromSource(path=["v"], steps=STEPS.validate_python(steps))
    result = evaluate((Target("field", data_type, mandatory=False, source=source),), record, Context({}, "c", "2026-02-03T06:18:32+00:00"))
    assert isinstance(result, Problem | dict)
    if isinstance(result, Problem):
        assert (result.field, bool(result.remedy)) == ("field", True)


@pytest.mark.parametrize(
    ("data_type", "steps", "refused"),
    [
        ("text", [{"op": "split", "separator": ","}], [None]),
        ("text", [{"op": "split", "separator": ","}, {"op": "split", "separator": ";"}, {"op": "join", "separator": ""}], [2]),
        ("text", [{"op": "join", "separator": ","}, {"op": "pluck", "path": "name"}, {"op": "item", "index": 0}], [2]),
        ("number", [{"op": "case", "to": "lower"}, {"op": "hash"}, {"op": "join", "separator": ""}], [None]),
        ("number", [{"op": "number"}], []),
        ("text_list", [{"op": "split", "separator": ","}, {"op": "trim"}], []),
        ("datetime", [{"op": "date", "formats": ["%d.%m.%Y"]}], []),
        ("text", [{"op": "date", "formats": ["dd.mm.yyyy"]}], [1]),
        ("text", [{"op": "date", "formats": ["%Q"]}], [1]),
        ("text", [{"op": "date", "formats": ["iso"], "zone": "Mars/Olympus"}], [1]),
        ("text", [{"op": "date", "formats": ["iso"], "zone": "../../etc/passwd"}], [1]),
        ("text", [{"op": "trim"}, {"op": "extract", "pattern": "(a"}], [2]),
        ("text", [{"op": "extract", "pattern": r"(a)\1"}], [1]),
        ("text", [{"op": "extract", "pattern": "a", "group": 1}], [1]),
        ("text", [{"op": "replace", "pattern": "(a)", "replacement": r"\2"}], [1]),
        ("text", [{"op": "replace", "pattern": "(a)", "replacement": "\\"}], [1]),
        ("text", [{"op": "map_values", "values": {"a": 1, "A": 2}}], [1]),
    ],
)
def test_a_chain_that_could_only_fail_is_refused_at_its_step(
    data_type: DataType, steps: list[dict[str, Any]], refused: list[int | None]
) -> None:
    """Said when the mapping is stored, not ten thousand times in a run."""
    assert problems(data_type, *steps) == refused


def test_a_failing_step_is_named_and_the_value_is_not() -> None:
    """The reason goes into errors and logs, where a person's data has no business."""
    with pytest.raises(StepFailed) as failed:
        done("secret-value", {"op": "trim"}, {"op": "date", "formats": ["iso", "%d.%m.%Y"]})
    assert str(failed.value) == "step 2 (date) finds no date and time like iso or %d.%m.%Y"


def test_no_pattern_takes_long() -> None:
    """What brings a backtracking engine to its knees takes milliseconds here."""
    for pattern in (r"(x+x+)+y", r"(x*)*y", "(x{0,100}){0,9}y", "(" * 50 + "x" + ")*" * 50 + "y", ".*.*.*.*.*.*.*y$"):
        began = perf_counter()
        try:
            step = transforming(STEPS.validate_python([{"op": "extract", "pattern": pattern}]))
        except ValueError:
            continue
        assert step("x" * 4000, {}) is None
        assert perf_counter() - began < 1, pattern


def test_no_step_makes_a_text_explode() -> None:
    """Twenty replacements that each multiply would fill the memory."""
    grows = {"op": "replace", "pattern": "x", "replacement": "x" * 200}
    with pytest.raises(StepFailed):
        done("x" * 100, *[grows] * 20)
    with pytest.raises(StepFailed):
        done(["x" * 9000] * 1000, {"op": "join", "separator": ""})
    with pytest.raises(StepFailed):
        done("," * 5000, {"op": "split", "separator": ","})
