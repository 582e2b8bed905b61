"""What a spreadsheet makes of an export: nothing but what stands there."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api_gateway.exports.cells import csv_cell, is_dangerous
from api_gateway.exports.csv_file import Rows, csv_pieces

VALUES = st.one_of(st.none(), st.booleans(), st.integers(min_value=0), st.text(), st.lists(st.text()))
STRANGE = st.builds(
    "{}{}".format, st.sampled_from([*"=+-@\t\r\n\uff1d\uff20", "x;=", ";=", "\n=", '"=', "x\t+", "; @", '";=', ",=", " ="]), st.text()
)


async def none() -> AsyncIterator[Rows]:
    """Give no further rows."""
    nothing: list[Rows] = []
    for rows in nothing:
        yield rows


async def whole(headings: list[str], rows: Rows) -> str:
    """Return a file as text."""
    return b"".join([piece async for piece in csv_pieces(headings, rows, none())]).decode()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 1234", "'+49 30 1234"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("\t=1", "' =1"),
        ("\r=1", "' =1"),
        ("\tx", " x"),
        ("x\r\n=1", "x =1"),
        ("x; =1", "x;' =1"),
        ('x;"=1', "x;'\"=1"),
        ("x;", "x;'"),
        ("x; y", "x; y"),
        ("\uff1d1+1", "'\uff1d1+1"),
        (-5, "-5"),
        (1.5, "1.5"),
        (True, "yes"),
        (None, ""),
        (["=a", "b", "+c"], "'=a; b;' +c"),
        ("a=b", "a=b"),
        ("007", "007"),
    ],
)
def test_a_text_that_looks_like_a_formula_is_kept_from_being_one(value: Any, cell: str) -> None:
    """A user's name is whatever somebody typed into a directory; opened in a spreadsheet it must not run. A number may be negative."""
    assert csv_cell(value) == cell


@given(rows=st.lists(st.lists(st.one_of(VALUES, STRANGE), min_size=3, max_size=3), max_size=5))
@example(rows=[[None, None, ";"]])
@example(rows=[[None, None, ';"=1']])
async def test_no_reader_finds_a_formula_in_a_file(rows: list[list[Any]]) -> None:
    """Whichever sign the reader takes for the end of a cell: that depends on the country."""
    text = await whole(["a", "b", "c"], rows)
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert [len(row) for row in read] == [3] * (len(rows) + 1)
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            for cell in row:
                assert not is_dangerous(cell), cell


async def test_the_next_page_is_read_when_the_one_before_is_sent() -> None:
    """A slow reader of a million people must not fill the memory."""
    read: list[int] = []

    async def pages() -> AsyncIterator[Rows]:
        for number in range(3):
            read.append(number)
            yield [[number]]

    pieces = csv_pieces(["n"], [["first"]], pages())
    await anext(pieces)
    assert read == []
    await anext(pieces)
    assert read == [0]
    assert [piece async for piece in pieces] == [b'"1"\r\n', b'"2"\r\n']
