"""One rule language: the predicate and the SQL agree on every rule and every row."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import create_engine, insert, select

from shared.rules import matches
from shared.rules.fold import fold, fold_record, fold_text
from shared.rules.model import DEEPEST, MOST_VALUES, is_too_deep
from shared.rules.sql import compiled
from tests.support.rules import ROWS, RULE, RULES, SOME_ROWS


@settings(max_examples=200, deadline=None)
@given(given_rule=RULES, rows=SOME_ROWS)
def test_sql_and_predicate_agree(given_rule: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """A list that shows other records than the workflow acts on would be a trap."""
    rule = RULE.validate_python(given_rule)
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            ROWS.create(connection)
            connection.execute(insert(ROWS), [{"id": number, "folded": fold_record(row)} for number, row in enumerate(rows)])
            condition = compiled(rule, lambda field: ROWS.c.folded[field].as_string())
            found = set(connection.scalars(select(ROWS.c.id).where(condition)))
    finally:
        engine.dispose()
    assert found == {number for number, row in enumerate(rows) if matches(rule, row)}


def test_the_longest_list_of_values_is_still_one_statement() -> None:
    """SQLite takes expressions of a thousand levels only."""
    rule = RULE.validate_python({"field": "one", "operator": "in", "value": [f"value {number}" for number in range(MOST_VALUES)]})
    engine = create_engine("sqlite://")
    rows: list[dict[str, Any]] = [{"one": "VALUE 999"}, {"one": ["x", "Value 5"]}, {"one": "value 1000"}]
    try:
        with engine.begin() as connection:
            ROWS.create(connection)
            connection.execute(insert(ROWS), [{"id": number, "folded": fold_record(row)} for number, row in enumerate(rows)])
            condition = compiled(rule, lambda field: ROWS.c.folded[field].as_string())
            assert set(connection.scalars(select(ROWS.c.id).where(condition))) == {0, 1}
    finally:
        engine.dispose()
    with pytest.raises(ValidationError, match="at most 1000 values"):
        RULE.validate_python({"field": "one", "operator": "in", "value": ["x"] * (MOST_VALUES + 1)})


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_folded_numbers_sort_as_numbers_do(one: float, two: float) -> None:
    """SQL compares text; the order must be that of the numbers."""
    left, right = fold(one), fold(two)
    assert left is not None
    assert right is not None
    assert (left < right) == (one < two)


@settings(max_examples=300)
@given(st.text(st.characters(max_codepoint=300), max_size=12))
def test_the_quick_way_of_folding_is_the_right_one(value: str) -> None:
    """ASCII takes a short cut: it must end at the same place, and never in what PostgreSQL cannot keep."""
    slowly = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    assert fold_text(value) == slowly.strip().replace("\n", " ").replace("\x00", "\ufffd")


def test_yes_is_yes_however_it_is_written() -> None:
    """*To be deleted in SaaS* is yes."""
    for value in (True, "yes", "Yes"):
        assert matches(RULE.validate_python({"field": "flag", "operator": "equals", "value": value}), {"flag": True})


def test_the_depth_of_a_rule_is_seen_before_it_is_read() -> None:
    """A rule that is deep enough would exhaust whoever reads it."""
    rule: dict[str, Any] = {"field": "one", "operator": "is_empty"}
    for _ in range(DEEPEST):
        rule = {"not": rule}
    assert not is_too_deep(rule)
    assert is_too_deep({"all": [{"field": "two", "operator": "is_empty"}, rule]})
    not_rules: list[Any] = [None, 7, "text", [], {"all": None}, {"any": {"not": 1}}]
    for odd in not_rules:
        assert not is_too_deep(odd)


@pytest.mark.parametrize("odd", [None, -1, 1.5, "text", [], [{}], {"all": [1]}, {"not": []}, {"any": [[]]}])
def test_what_is_no_rule_is_refused_as_one(odd: Any) -> None:
    """Whoever sends a number for a rule made a mistake; it must not look like one of ours."""
    with pytest.raises(ValidationError):
        RULE.validate_python(odd)
