"""Reading a file, whichever kind it is, into pieces that can be kept and given out one by one. Blocks: for a thread of its own. Pure."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import orjson

from connector.files.csv_rows import read_csv
from connector.files.ids import IdColumn
from connector.files.refusals import refusal
from connector.files.table import Layout, Table
from connector.files.xlsx_rows import read_xlsx
from shared.api.files import FileEncoding

Rows = list[list[Any]]
"""Rows of a file: each begins with its number."""

PIECE_ROWS = 500
PIECE_BYTES = 256 * 1024
"""Of one piece, before it is packed. A piece becomes a page of a run, which travels as one message."""
UNPACKED = 10
"""How many times the largest file a workbook may unpack to."""
PROTECTED, ZIP, PDF = b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"%PDF"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a file is to be read: what its reader cannot find out, and the column of its ids where that is known already."""

    largest: int
    most_rows: int
    encoding: FileEncoding | None = None
    sheet: str | None = None
    id_column: str | None = None


@dataclass(slots=True)
class Pieces:
    """A file that was read: what it is, and its rows in packed pieces, in a file without a name."""

    layout: Layout
    columns: list[str]
    sha256: str
    size: int
    packed: BinaryIO
    rows: int = 0
    lengths: list[int] = field(default_factory=list)

    def add(self, rows: Rows) -> None:
        """Keep some rows as the next piece."""
        content = pack(rows)
        self.packed.write(content)
        self.lengths.append(len(content))
        self.rows += len(rows)

    def contents(self) -> Iterator[bytes]:
        """Give the pieces from the first on."""
        self.packed.seek(0)
        for length in self.lengths:
            yield self.packed.read(length)

    def close(self) -> None:
        """Forget the rows."""
        self.packed.close()


def read_file(file: BinaryIO, wanted: Wanted) -> Pieces:
    """Read a whole file. Raises `FileRefused`, and then leaves nothing; whoever has the pieces closes them."""
    digest, size = _digest(file)
    table = _table(file, wanted)
    pieces = Pieces(table.layout, table.columns, digest, size, TemporaryFile())  # noqa: SIM115 - closed with the pieces
    try:
        _fill(pieces, table, wanted)
    except BaseException:
        pieces.close()
        raise
    return pieces


def pack(rows: Rows) -> bytes:
    """Return rows as they are kept."""
    return zlib.compress(orjson.dumps(rows), 1)


def unpack(content: bytes) -> Rows:
    """Return rows that were kept."""
    rows: Rows = orjson.loads(zlib.decompress(content))
    return rows


def _fill(pieces: Pieces, table: Table, wanted: Wanted) -> None:
    ids = None if wanted.id_column is None else IdColumn.of(table.columns, wanted.id_column)
    for rows in _pieces(table, wanted.most_rows):
        pieces.add(rows)
        if ids is not None:
            ids.see(rows)
    if not pieces.rows:
        raise refusal("file_empty", "the file has a header, and no row below it", "Send a file with a row for each record.")
    if ids is not None:
        ids.settle()
        for content in pieces.contents() if ids.needs_names else ():
            ids.name(unpack(content))
        ids.require_unique()


def _table(file: BinaryIO, wanted: Wanted) -> Table:
    start = file.read(8)
    file.seek(0)
    if not start:
        raise refusal("file_empty", "the file is empty", "Send a file whose first row names its columns.")
    if start.startswith(ZIP):
        return read_xlsx(file, wanted.largest * UNPACKED, wanted.sheet)
    if start.startswith(PROTECTED):
        raise refusal(
            "file_binary",
            "this is a workbook in the old XLS format, or one that a password protects",
            "Save it as XLSX without a password, or as CSV UTF-8.",
        )
    if start.startswith(PDF):
        raise refusal("file_binary", "this is a PDF", "Send a CSV file or an XLSX workbook.")
    return read_csv(file, wanted.encoding)


def _pieces(table: Table, most_rows: int) -> Iterator[Rows]:
    piece: Rows = []
    size = 0
    for count, row in enumerate(table.rows, start=1):
        if count > most_rows:
            raise refusal(
                "file_rows_too_many",
                f"the file has more than {most_rows:,} rows",
                "Split the file, or raise ROLLCALL_CONNECTOR_FILE_ROWS.",
                row=row[0],
            )
        piece.append(row)
        size += sum(len(cell) if isinstance(cell, str) else 8 for cell in row)
        if len(piece) == PIECE_ROWS or size >= PIECE_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _digest(file: BinaryIO) -> tuple[str, int]:
    digest, size = sha256(), 0
    file.seek(0)
    while block := file.read(1024 * 1024):
        digest.update(block)
        size += len(block)
    file.seek(0)
    return digest.hexdigest(), size
