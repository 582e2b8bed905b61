"""JSON as sources may send it: any type at any place, lone surrogates and numbers beyond all bounds included."""

from typing import Any

from hypothesis import strategies as st

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "x", "name"]) | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)
