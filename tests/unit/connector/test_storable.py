"""What can be stored is found out for a whole page at once; only where that fails is each value looked at."""

import sys
from timeit import timeit
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.storable import AsWritten, storable_json, unstorable_in

TEXTS = st.text(st.characters()) | st.sampled_from(["\x00", "\ud800", "\\u0000", "\\", "Żoë", ""])
LEAVES = TEXTS | st.none() | st.booleans() | st.integers() | st.floats() | st.builds(AsWritten, st.just("NaN"))
RECORDS = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=12)


@given(RECORDS)
def test_what_is_storable_json_holds_nothing_that_is_not(record: Any) -> None:
    """A page that is let through in one look must hold no record that the long look would have refused."""
    if storable_json(record):
        assert unstorable_in(record) is None


@pytest.mark.parametrize("odd", ["a\x00b", "\ud800", {"\x00": 1}, [[AsWritten("NaN")]], {"deep": ["\udfff"]}])
def test_what_cannot_be_stored_is_never_storable_json(odd: Any) -> None:
    """One NUL stops a transaction, and a lone surrogate a message."""
    assert not storable_json([{"id": "1", "name": odd}])


def test_an_ordinary_page_is_storable_json() -> None:
    """Otherwise the short look would be for nothing."""
    page = [
        {"id": str(number), "name": f"Żoë {number}", "on": True, "seen": None, "size": 1.5, "groups": [{"id": 7}]} for number in range(100)
    ]
    assert storable_json(page)
    assert timeit(lambda: storable_json(page), number=20) < timeit(lambda: unstorable_in(page), number=20)


def test_what_is_nested_too_deep_gets_the_long_look() -> None:
    """The short look gives up where its writer does."""
    deep: Any = "end"
    for _ in range(min(600, sys.getrecursionlimit() // 2)):
        deep = [deep]
    assert not storable_json(deep)
