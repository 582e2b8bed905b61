"""Answers that are not quite JSON: what is odd about them is kept as it was written, and all the rest is read."""

from json import dumps
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sources.parsing import DEEPEST, read_json
from connector.storable import AsWritten, escaped, unstorable_in

TEXTS = st.text(max_size=5) | st.sampled_from(["[", "]", "{", "}", '"', "\\", '"]', "\\\\"])
DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
)


def nested(depth: int, inner: str = '"[{\\"]"') -> str:
    """Return JSON with so many levels."""
    return '[{"]": ' * (depth // 2) + "[" * (depth % 2) + inner + "]" * (depth % 2) + "}]" * (depth // 2)


@given(DOCUMENTS, DOCUMENTS)
def test_what_stands_beside_something_too_deep_is_read_as_it_is(one: Any, other: Any) -> None:
    """A page of a thousand records is not lost for the one that goes down a hundred levels."""
    raw = f'{{"one": {dumps(one)}, "deep": {nested(200)}, "other": {dumps(other, ensure_ascii=False)}}}'
    read = read_json(raw.encode("utf-8", "surrogatepass"))
    assert (read["one"], read["other"]) == (one, other)


@pytest.mark.parametrize("depth", [DEEPEST - 1, DEEPEST, DEEPEST + 1, 300, 2000, 200_000])
def test_what_is_too_deep_is_kept_as_it_was_written(depth: int) -> None:
    """Nothing of a record is lost, however odd it is, and its error can say where the oddity is."""
    text = nested(depth)
    read = read_json(text.encode())
    assert (unstorable_in(read) is not None) is (depth > DEEPEST)
    found, level = read, 0
    while not isinstance(found, str):
        found, level = found[0] if isinstance(found, list) else found["]"], level + 1
    assert level == min(depth, DEEPEST)
    assert found == ('[{"]' if depth <= DEEPEST else nested(depth - DEEPEST))
    assert isinstance(found, AsWritten) is (depth > DEEPEST)


def test_what_was_written_is_shown_with_escapes() -> None:
    """It may hold what no database can keep, like any text."""
    record = {"deep": AsWritten('["C:\\\\\udcff"]')}
    assert escaped(record) == {"deep": '\\=["C:\\\\\\\\\\udcff"]'}
    assert unstorable_in(escaped(record)) is None


@pytest.mark.parametrize(
    "raw", [b'"' * 100_001, b'"' + b'\\"' * 1_000_000, b"[" * 1_000_000, b'["' * 500_000, b"]" * 100_000, b"\\" * 100_000]
)
def test_an_answer_that_never_ends_is_no_json_and_soon_found_out(raw: bytes) -> None:
    """A source must not be able to keep the connector busy with one answer."""
    began = perf_counter()
    assert read_json(raw) is None
    assert perf_counter() - began < 5
