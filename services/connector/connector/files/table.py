"""A table as read from a file: its header, and its rows with the numbers that a spreadsheet shows. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connector.files.refusals import letters, refusal
from connector.names import name_key

Numbered = tuple[int, Sequence[Any]]
"""A row's number and its cells; an empty cell is None."""

MOST_COLUMNS = 500
LONGEST_NAME = 200
LONGEST_CELL = 100_000
"""Characters; three times what a cell of a workbook holds."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What was found out about a file before its rows were read."""

    format: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    other_sheets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A header, and the rows below it. The rows can be read once, and raise `FileRefused` on their way."""

    layout: Layout
    columns: list[str]
    rows: Iterator[list[Any]]
    """Each begins with its number; there are never more cells than columns."""


def table_of(layout: Layout, rows: Iterator[Numbered]) -> Table:
    """Return the table whose first row that is not blank is the header. Raises `FileRefused`."""
    for number, cells in rows:
        if not _is_blank(cells):
            columns = columns_of(number, cells)
            return Table(layout, columns, _below(rows, len(columns)))
    raise refusal("file_empty", "the file holds no row", "Send a file whose first row names its columns, with a row for each record.")


def columns_of(number: int, cells: Sequence[Any]) -> list[str]:
    """Return the names in a header. Raises `FileRefused`, naming each column without a name and each name that comes twice."""
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise refusal(
            "file_columns_too_many",
            f"the header has {len(names):,} columns; at most {MOST_COLUMNS} are read",
            "Leave out the columns that are not needed, or check which delimiter separates them.",
            row=number,
        )
    for column, name in enumerate(names, start=1):
        if not name:
            raise refusal(
                "file_header_empty",
                "the column has no name",
                "The first row must name every column: give it a name, or remove the column.",
                row=number,
                column=column,
            )
        if len(name) > LONGEST_NAME:
            raise refusal(
                "file_header_too_long",
                "the column's name is too long",
                f"Give it a name of at most {LONGEST_NAME} characters. Is the first row really the header?",
                row=number,
                column=column,
            )
    _refuse_twins(number, names)
    return names


def _refuse_twins(number: int, names: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for column, name in enumerate(names, start=1):
        earlier = first.setdefault(name_key(name), column)
        if earlier != column:
            raise refusal(
                "file_header_doubled",
                f"the name {name!r} is that of column {letters(earlier)}, too",
                "Give each column a name of its own, whatever its case.",
                row=number,
                column=column,
            )


def _below(rows: Iterable[Numbered], width: int) -> Iterator[list[Any]]:
    for number, cells in rows:
        if _is_blank(cells):
            continue
        if len(cells) > width and not _is_blank(cells[width:]):
            beyond = next(at for at, cell in enumerate(cells[width:], start=width + 1) if not _is_empty(cell))
            raise refusal(
                "file_row_too_wide",
                f"there is a value beyond the header's {width} columns",
                "Name the column in the header, empty the cell, or put a value that holds the delimiter into quotes.",
                row=number,
                column=beyond,
            )
        yield [number, *(_kept(number, column, cell) for column, cell in enumerate(cells[:width], start=1))]


def _kept(number: int, column: int, cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    if len(cell) > LONGEST_CELL:
        raise refusal(
            "file_cell_too_long",
            f"the value has more than {LONGEST_CELL:,} characters",
            "Shorten it. In a CSV file, a quote that is never closed makes one cell of all that follows.",
            row=number,
            column=column,
        )
    return cell or None


def _is_blank(cells: Sequence[Any]) -> bool:
    return all(map(_is_empty, cells))


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
