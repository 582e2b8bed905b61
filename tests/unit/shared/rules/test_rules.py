"""One rule language: the predicate and the SQL agree on every rule and every row."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import JSON, Column, Integer, MetaData, Table, create_engine, insert, select

from shared.rules import Rule, matches
from shared.rules.fold import fold, fold_record
from shared.rules.sql import compiled

ROWS = Table("rows", MetaData(), Column("id", Integer, primary_key=True), Column("folded", JSON))
RULE: TypeAdapter[Any] = TypeAdapter(Rule)
TEXTS = st.text(st.sampled_from("aAbBłŁßẞ%_\\ \n1éE"), max_size=4)
VALUES: st.SearchStrategy[Any] = TEXTS | st.booleans() | st.integers(-50, 50) | st.floats(-5, 5) | st.lists(TEXTS, max_size=3) | st.none()
FIELDS = st.sampled_from(["one", "two"])
COMPARISONS = st.sampled_from(
    [
        *("equals", "not_equals", "begins_with", "not_begins_with", "ends_with", "not_ends_with"),
        *("contains", "not_contains", "less_than", "at_most", "greater_than", "at_least"),
    ]
)
SIMPLE = TEXTS | st.booleans() | st.integers(-50, 50)
CONDITIONS = (
    st.fixed_dictionaries({"field": FIELDS, "operator": COMPARISONS, "value": SIMPLE})
    | st.fixed_dictionaries({"field": FIELDS, "operator": st.sampled_from(["is_empty", "is_not_empty"])})
    | st.fixed_dictionaries({"field": FIELDS, "operator": st.just("in"), "value": st.lists(SIMPLE, max_size=3)})
)
RULES: st.SearchStrategy[Any] = st.recursive(
    CONDITIONS,
    lambda inner: (
        st.fixed_dictionaries({"all": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"not": inner})
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(given_rule=RULES, rows=st.lists(st.fixed_dictionaries({}, optional={"one": VALUES, "two": VALUES}), min_size=1, max_size=6))
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


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_folded_numbers_sort_as_numbers_do(one: float, two: float) -> None:
    """SQL compares text; the order must be that of the numbers."""
    left, right = fold(one), fold(two)
    assert left is not None
    assert right is not None
    assert (left < right) == (one < two)


def test_yes_is_yes_however_it_is_written() -> None:
    """*To be deleted in SaaS* is yes."""
    for value in (True, "yes", "Yes"):
        assert matches(RULE.validate_python({"field": "flag", "operator": "equals", "value": value}), {"flag": True})
