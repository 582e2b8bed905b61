"""One rule language: the predicate and the SQL agree on every rule and every row."""

import unicodedata
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import create_engine, insert, select

from shared.rules import At, Predicate, matches
from shared.rules.fold import fold, fold_record, fold_text, text_of
from shared.rules.model import DEEPEST, MOST_CONDITIONS, MOST_VALUES, too_large
from shared.rules.operators import FieldType
from shared.rules.sql import Folded, compiled, folded_text
from tests.support.rules import ATS, NOON, NUMBERS, ROWS, RULE, TYPED_ROWS, TYPED_RULES, TYPES, UNTYPED_ROWS, UNTYPED_RULES

PATIENT = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NO_TYPES: Mapping[str, FieldType] = {}


def found_in_sqlite(rule: Any, rows: list[dict[str, Any]], at: At, types: Mapping[str, FieldType]) -> set[int]:
    """Return the numbers of the rows that the rule finds in SQLite."""
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            ROWS.create(connection)
            connection.execute(insert(ROWS), [{"id": number, "folded": fold_record(row)} for number, row in enumerate(rows)])
            condition = compiled(rule, lambda field: Folded(folded_text(ROWS.c.folded, field, "sqlite"), types.get(field)), at)
            return set(connection.scalars(select(ROWS.c.id).where(condition)))
    finally:
        engine.dispose()


@PATIENT
@given(given_rule=TYPED_RULES, rows=TYPED_ROWS, at=ATS)
def test_sql_and_predicate_agree(given_rule: dict[str, Any], rows: list[dict[str, Any]], at: At) -> None:
    """A list that shows other records than the workflow acts on would be a trap."""
    rule = RULE.validate_python(given_rule)
    assert found_in_sqlite(rule, rows, at, TYPES) == {number for number, row in enumerate(rows) if matches(rule, row, at)}


@PATIENT
@given(given_rule=UNTYPED_RULES, rows=UNTYPED_ROWS, at=ATS)
def test_they_agree_on_what_fits_no_type_too(given_rule: dict[str, Any], rows: list[dict[str, Any]], at: At) -> None:
    """What was stored before a rule was checked must not mean one thing here and another there."""
    rule = RULE.validate_python(given_rule)
    assert found_in_sqlite(rule, rows, at, NO_TYPES) == {number for number, row in enumerate(rows) if matches(rule, row, at)}


@PATIENT
@given(given_rule=TYPED_RULES, rows=TYPED_ROWS, at=ATS)
def test_reasons_are_there_exactly_when_a_record_fails(given_rule: dict[str, Any], rows: list[dict[str, Any]], at: At) -> None:
    """*Why not?* without an answer would be as bad as an answer for somebody who was let through."""
    rule = RULE.validate_python(given_rule)
    impossible = {"any": [given_rule, {"not": {"all": []}}]}
    for row in rows:
        reasons = Predicate(rule, at).why_not(row)
        assert not (reasons and matches(rule, row, at))
        if not matches(rule, row, at) and not mentions_nothing(given_rule):
            assert reasons, (rule, row)
        assert matches(RULE.validate_python(impossible), row, at) is matches(rule, row, at)
        for reason in reasons:
            assert reason.value == row.get(reason.condition.field)
            assert at_path(given_rule, reason.path)["field"] == reason.condition.field


def mentions_nothing(rule: dict[str, Any]) -> bool:
    """Return whether an empty group can decide a rule: there is no condition to name then."""
    return '"all": []' in repr(rule).replace("'", '"')


def at_path(rule: Any, path: tuple[str | int, ...]) -> Any:
    """Return what stands at a path in a rule's JSON."""
    for step in path:
        rule = rule[step]
    return rule


def test_the_longest_list_of_values_is_still_one_statement() -> None:
    """SQLite takes expressions of a thousand levels only."""
    rule = RULE.validate_python({"field": "one", "operator": "in", "value": [f"value {number}" for number in range(MOST_VALUES)]})
    rows: list[dict[str, Any]] = [{"one": "VALUE 999"}, {"one": ["x", "Value 5"]}, {"one": "value 1000"}]
    assert found_in_sqlite(rule, rows, NOON, NO_TYPES) == {0, 1}
    with pytest.raises(ValidationError, match="more than 1000 values"):
        RULE.validate_python({"field": "one", "operator": "in", "value": ["x"] * (MOST_VALUES + 1)})


@pytest.mark.parametrize("group", ["any", "all"])
@pytest.mark.parametrize("turned", [0, DEEPEST - 2])
@pytest.mark.parametrize("types", [TYPES, NO_TYPES], ids=["typed", "untyped"])
def test_the_largest_rule_is_still_one_statement(group: str, turned: int, types: Mapping[str, FieldType]) -> None:
    """A rule that may be saved must be one that a database takes."""
    tags = {"field": "tags", "operator": "not_in", "value": [f"tag {number}" for number in range(MOST_VALUES)]}
    other = {"field": "name", "operator": "not_contains", "value": "%_/"}
    half = [other] * (MOST_CONDITIONS // 2)
    rule: dict[str, Any] = {group: [{group: half}, {group: [*half[1:], tags]}]}
    for _ in range(turned):
        rule = {"not": rule}
    rows: list[dict[str, Any]] = [{"name": "a"}, {"name": "a%_/", "tags": ["TAG 7"]}, {}]
    parsed = RULE.validate_python(rule)
    assert found_in_sqlite(parsed, rows, NOON, types) == {number for number, row in enumerate(rows) if matches(parsed, row, NOON)}


@given(NUMBERS, NUMBERS)
def test_folded_numbers_sort_and_equal_as_numbers_do(one: float, two: float) -> None:
    """SQL compares text; the order must be that of the numbers, also of those that a float cannot tell apart."""
    left, right = fold(one), fold(two)
    assert left is not None
    assert right is not None
    if isinstance(one, int) is isinstance(two, int) or max(abs(one), abs(two)) < 2**53:
        assert (left < right) == (one < two)
        assert (left == right) == (one == two)


@pytest.mark.parametrize(
    ("number", "text"),
    [(5, "5"), (5.0, "5"), (-0.0, "0"), (-1.250, "-1.25"), (1e16, "10000000000000000"), (1e-5, "0.00001"), (700, "700")],
)
def test_a_number_has_the_digits_that_people_write(number: float, text: str) -> None:
    """*Begins with 70* is asked of what is on the screen."""
    assert text_of(number) == text


def test_long_numbers_that_differ_in_the_last_digit_are_not_equal() -> None:
    """A float cannot tell them apart; an identifier that deletes the wrong account could."""
    rule = RULE.validate_python({"field": "size", "operator": "equals", "value": 9007199254740993})
    assert found_in_sqlite(rule, [{"size": 9007199254740992}, {"size": 9007199254740993}], NOON, TYPES) == {1}


@settings(max_examples=300)
@given(st.text(st.characters(max_codepoint=300), max_size=12))
def test_the_quick_way_of_folding_is_the_right_one(value: str) -> None:
    """ASCII takes a short cut: it must end at the same place, and never in what PostgreSQL cannot keep."""
    slowly = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    assert fold_text(value) == slowly.strip().replace("\n", " ").replace("\x00", "\ufffd")


def test_the_size_of_a_rule_is_seen_before_it_is_read() -> None:
    """A rule that is deep or wide enough would exhaust whoever reads it."""
    condition: dict[str, Any] = {"field": "one", "operator": "is_empty"}
    rule = condition
    for _ in range(DEEPEST):
        rule = {"not": rule}
    assert too_large(rule) is None
    assert too_large(RULE.validate_python(rule)) is None
    assert "levels" in str(too_large({"all": [{"field": "two", "operator": "is_empty"}, rule]}))
    assert "conditions" in str(too_large({"any": [{"all": [condition] * 50}] * 5}))
    assert too_large({"any": [{"all": [condition] * 50}] * 4}) is None
    long = {"field": "one", "operator": "in", "value": ["x"] * 400}
    assert "values" in str(too_large({"any": [long] * 3}))
    not_rules: list[Any] = [None, 7, "text", [], {"all": None}, {"any": {"not": 1}}]
    for odd in not_rules:
        assert too_large(odd) is None


@pytest.mark.parametrize("odd", [None, -1, 1.5, "text", [], [{}], {"all": [1]}, {"not": []}, {"any": [[]]}])
def test_what_is_no_rule_is_refused_as_one(odd: Any) -> None:
    """Whoever sends a number for a rule made a mistake; it must not look like one of ours."""
    with pytest.raises(ValidationError):
        RULE.validate_python(odd)


@pytest.mark.parametrize("key", ["a'b", 'a"b', "a b", "A", "a.b", "", "a\n", "1a"])
def test_what_is_no_key_never_gets_into_a_statement(key: str) -> None:
    """The key of a field stands in the statement itself: nothing but a key may stand there."""
    for dialect in ("sqlite", "postgresql"):
        with pytest.raises(ValueError, match="cannot be the key"):
            folded_text(ROWS.c.folded, key, dialect)
