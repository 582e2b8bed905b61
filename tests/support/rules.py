"""Random rules and rows, for the tests that hold the predicate and the SQL to one meaning."""

from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import Column, Integer, MetaData, Table

from shared.db.types import Json
from shared.rules import Rule

RULE: TypeAdapter[Any] = TypeAdapter(Rule)
ROWS = Table("rows", MetaData(), Column("id", Integer, primary_key=True), Column("folded", Json))

TEXTS = st.text(st.sampled_from("aAbBłŁßẞ\u017fKİ\u0131Å%_\\ \n\t1éE日"), max_size=4)
VALUES: st.SearchStrategy[Any] = TEXTS | st.booleans() | st.integers(-50, 50) | st.floats(-5, 5) | st.lists(TEXTS, max_size=3) | st.none()
FIELDS = st.sampled_from(["one", "two"])
COMPARISONS = st.sampled_from(
    [
        *("equals", "not_equals", "begins_with", "not_begins_with", "ends_with", "not_ends_with"),
        *("contains", "not_contains", "less_than", "at_most", "greater_than", "at_least"),
    ]
)
SIMPLE = TEXTS | st.booleans() | st.integers(-50, 50) | st.just("\x00")
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
SOME_ROWS = st.lists(st.fixed_dictionaries({}, optional={"one": VALUES, "two": VALUES}), min_size=1, max_size=6)
