"""A workbook: written row by row to a file of its own, of which the whole is never in memory, and sent when it is complete."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from api_gateway.exports.cells import LONGEST_CELL, is_dangerous, is_exact, plain
from api_gateway.exports.csv_file import Rows


async def write_workbook(path: Path, headings: Sequence[str], first: Rows, others: AsyncIterator[Rows]) -> None:
    """Write a workbook of one sheet to `path`. What it spools meanwhile stands beside it."""
    options = {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_formulas": False, "strings_to_urls": False}
    workbook = xlsxwriter.Workbook(str(path), options)
    try:
        sheet = workbook.add_worksheet("Records")
        sheet.freeze_panes(1, 0)
        # Excel itself marks what was typed as text like this: it stays one, also when the cell is edited.
        as_text = workbook.add_format({"quote_prefix": True})
        written = await asyncio.to_thread(_write, sheet, as_text, [headings, *first], 0)
        async for rows in others:
            written = await asyncio.to_thread(_write, sheet, as_text, rows, written)
    finally:
        await asyncio.to_thread(workbook.close)


def _write(sheet: Worksheet, as_text: Format, rows: Rows, start: int) -> int:
    """Write rows from row `start` on; return the next free one."""
    for place, row in enumerate(rows, start):
        for column, value in enumerate(row):
            _cell(sheet, as_text, place, column, value)
    return start + len(rows)


def _cell(sheet: Worksheet, as_text: Format, row: int, column: int, value: Any) -> None:
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(row, column, value)
        case int() | float() if is_exact(value):
            sheet.write_number(row, column, value)
        case _:
            text = plain(value)[:LONGEST_CELL]
            sheet.write_string(row, column, text, as_text if is_dangerous(text) else None)
