"""CSV, as RFC 4180 has it, in UTF-8: sent page by page as it is read."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

from api_gateway.exports.cells import csv_cell

Rows = Sequence[Sequence[Any]]


async def csv_pieces(headings: Sequence[str], first: Rows, others: AsyncIterator[Rows]) -> AsyncIterator[bytes]:
    """Give the file in pieces."""
    yield _written([headings, *first])
    async for rows in others:
        yield _written(rows)


def _written(rows: Rows) -> bytes:
    text = io.StringIO()
    # Everything in quotes: where a semicolon parts cells, a text could otherwise begin a second one with a formula.
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([csv_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()
