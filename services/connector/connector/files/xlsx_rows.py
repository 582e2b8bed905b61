"""A sheet of an XLSX workbook, row by row: formulas by their values, dates in ISO form, texts that look like numbers as texts. Pure."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import column_index_from_string

from connector.files.refusals import FileRefused, refusal
from connector.files.table import Layout, Numbered, Table, table_of
from connector.files.xml_bounds import look_over

# It warns of styles and extensions that it leaves out, none of which is data, and of dates that are none, which become errors.
warnings.filterwarnings("ignore", module=r"openpyxl\.")

EXACT = 2**53
"""Numbers of spreadsheets are floats: a whole one that is larger is no number, but digits."""
SAVE_AGAIN = "Open it in a spreadsheet, and save it as XLSX again."
ERROR = "e"
CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")


def read_xlsx(file: BinaryIO, largest: int, sheet: str | None = None) -> Table:
    """Return the table in the first visible sheet, or in the named one. Raises `FileRefused`, also while its rows are read.

    `largest`: bytes that the workbook may unpack to.
    """
    with _reading():
        with ZipFile(file) as archive:
            uncalculated = look_over(archive, largest)
        reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
        reader.read()
    visible = [one for one in reader.wb.worksheets if one.sheet_state == "visible"]
    chosen = _chosen(visible, sheet)
    for one, part in reader.parser.find_sheets():
        if one.name == chosen.title and part.target in uncalculated:
            raise _without_value(uncalculated[part.target])
    others = tuple(one.title for one in visible if one is not chosen)
    return table_of(Layout("xlsx", sheet=chosen.title, other_sheets=others), _rows(chosen))


@contextmanager
def _reading(row: int | None = None) -> Iterator[None]:
    """Turn whatever somebody's file makes of the library into the error that it cannot be read."""
    try:
        yield
    except FileRefused:
        raise
    except BadZipFile:
        raise refusal(
            "file_workbook_unreadable", "the workbook is damaged or was cut off", f"Send it anew. {SAVE_AGAIN}", row=row
        ) from None
    except Exception as error:  # noqa: BLE001 - the library raises what comes to hand: KeyError, TypeError, zlib's own
        raise _unreadable(error, row) from None


def _chosen(visible: Sequence[Any], name: str | None) -> Any:
    named = [one for one in visible if name is None or one.title == name]
    if not named:
        titles = ", ".join(repr(one.title) for one in visible[:20])
        raise refusal(
            "file_sheet_unknown",
            f"the workbook has no visible sheet {name!r}" if name is not None else "the workbook has no visible sheet with cells",
            f"Use one of: {titles}." if titles else "Send a workbook with a sheet.",
        )
    return named[0]


def _rows(sheet: Any) -> Iterator[Numbered]:
    sheet.reset_dimensions()  # What a workbook says of its size need not be true.
    rows = iter(sheet.iter_rows())
    number = 0
    while True:
        number += 1
        with _reading(number):
            cells = next(rows, None)
        if cells is None:
            return
        row = [_value(number, column, cell) for column, cell in enumerate(cells, start=1)]
        while row and row[-1] is None:
            row.pop()
        yield number, row


def _value(number: int, column: int, cell: Any) -> Any:
    value = cell.value
    if cell.data_type == ERROR:
        raise refusal(
            "file_cell_error", f"the cell holds the error {value}", "Mend the formula, or empty the cell.", row=number, column=column
        )
    match value:
        case bool() | None:
            return value
        case int() | float():
            return _number(value)
        case datetime():
            return value.date().isoformat() if value.time() == time() else _to_seconds(value).isoformat()
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _number(value: float) -> float | str:
    """Return a number as a spreadsheet shows it: 3 for 3.0, and digits for what floats cannot count."""
    if isinstance(value, int):
        return value if abs(value) < EXACT else str(value)
    return int(value) if value.is_integer() and abs(value) < EXACT else value


def _to_seconds(moment: datetime) -> datetime:
    """Return a moment without the crumbs of a second that a float leaves."""
    return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)


def _without_value(cell: str) -> FileRefused:
    """Return the error for a formula without a value: whoever wrote it was no spreadsheet, and an empty cell would be a lie."""
    place = CELL.fullmatch(cell)
    row, column = (int(place[2]), column_index_from_string(place[1])) if place else (None, None)
    return refusal(
        "file_formula_uncalculated",
        "the cell holds a formula whose value was never calculated",
        f"{SAVE_AGAIN} Or put the value in its place.",
        row=row,
        column=column,
    )


def _unreadable(error: Exception, row: int | None) -> FileRefused:
    return refusal(
        "file_workbook_unreadable",
        f"the workbook cannot be read ({type(error).__name__})",
        f"It may be damaged, or protected by a password. {SAVE_AGAIN}",
        row=row,
    )
