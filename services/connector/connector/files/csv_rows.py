"""CSV as people have it: UTF-8 or UTF-16, with commas, semicolons, tabs or bars, line breaks in quotes. Every value stays a text. Pure."""

import csv
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator
from contextlib import suppress
from io import TextIOWrapper
from itertools import chain
from typing import BinaryIO

from connector.files.refusals import FileRefused, refusal
from connector.files.table import LONGEST_CELL, MOST_COLUMNS, Layout, Numbered, Table, table_of
from shared.api.files import FileEncoding

DELIMITERS = ",;\t|"
DECLARED = {f"sep={sign}": sign for sign in DELIMITERS}
"""First lines that name the delimiter, as spreadsheets write and read them."""
MOST_CHARACTERS = 4 * 1024 * 1024
"""Of one row: what memory it may take, should a quote never be closed."""
QUOTE = '"'
NUL = "\x00"
UTF8_REMEDY = "Save it as CSV UTF-8, or say which encoding it has: utf-8, utf-16 or windows-1252."
QUOTES_REMEDY = 'Close the quote. A quote within a quoted value is written twice: "".'


def read_csv(file: BinaryIO, encoding: FileEncoding | None = None) -> Table:
    """Return the table in a file that is at its beginning. Raises `FileRefused`, also while its rows are read."""
    known = encoding or _told_by_its_mark(file)
    lines = _lines(file, known)
    head = list(_first_row(lines))
    declared = _declared(head)
    delimiter = declared or _delimiter_of("".join(head))
    layout = Layout("csv", encoding=known, delimiter=delimiter)
    return table_of(layout, _rows(chain(head[1:] if declared else head, lines), delimiter))


def _told_by_its_mark(file: BinaryIO) -> FileEncoding:
    start = file.read(4096)
    file.seek(0)
    if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in start and not start.startswith(BOM_UTF8):
        raise refusal(
            "file_binary",
            "this is neither a text nor a workbook",
            "Send a CSV file in UTF-8, or in UTF-16 with its byte order mark, or an XLSX workbook.",
        )
    return "utf-8"


def _lines(file: BinaryIO, encoding: FileEncoding) -> Iterator[str]:
    """Give the lines with their ends, however they end."""
    codec = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "windows-1252": "cp1252"}[encoding]
    text = TextIOWrapper(file, encoding=codec, newline="")
    try:
        while line := text.readline(MOST_CHARACTERS):
            if NUL in line:
                raise refusal("file_binary", "the file holds NUL characters, as no text does", "Send a CSV file or an XLSX workbook.")
            yield line
    except UnicodeError:
        raise _undecodable(file, encoding, codec) from None
    finally:
        # So that the file stays open. It may be closed already, by whoever gave up on it.
        with suppress(ValueError):
            text.detach()


def _undecodable(file: BinaryIO, encoding: FileEncoding, codec: str) -> FileRefused:
    """Return the error for the first bytes that are not what the encoding allows, with their line."""
    file.seek(0)
    decoder = getincrementaldecoder(codec)()
    line, more = 1, True
    while more:
        block = file.read(65_536)
        more = bool(block)
        try:
            line += decoder.decode(block, final=not block).count("\n")
        except UnicodeError as error:
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            line += block[:start].decode(codec, errors="replace").count("\n")
            break
    return refusal("file_encoding", f"line {line} holds what is not {encoding}", UTF8_REMEDY, line=line, encoding=encoding)


def _first_row(lines: Iterator[str]) -> Iterator[str]:
    """Give the lines of the first row that is not blank, and of what is before it."""
    quotes = taken = 0
    for line in lines:
        yield line
        quotes += line.count(QUOTE)
        taken += len(line)
        if (line.strip() and quotes % 2 == 0 and not line.startswith("sep=")) or taken > MOST_CHARACTERS:
            return


def _declared(head: list[str]) -> str | None:
    """Return the delimiter that the first line names."""
    return DECLARED.get(head[0].rstrip("\r\n")) if head else None


def _delimiter_of(head: str) -> str:
    """Return the sign that separates most columns outside of quotes; the comma, when none does."""
    outside = "".join(head.split(QUOTE)[::2])
    return max(DELIMITERS, key=outside.count)


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[Numbered]:
    bounded = _Bounded(lines)
    reader = csv.reader(bounded, delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        bounded.row, bounded.taken = number, 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _malformed(number, str(error)) from None
        yield number, cells


class _Bounded:
    """The lines of a file, as long as one row does not take too many characters of them."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.row = 1
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken += len(line)
        if self.taken >= MOST_CHARACTERS:
            raise refusal(
                "file_row_too_long",
                f"the row has more than {MOST_CHARACTERS:,} characters",
                f"{QUOTES_REMEDY} A row has at most {MOST_COLUMNS} columns.",
                row=self.row,
            )
        return line


def _malformed(number: int, why: str) -> FileRefused:
    if "field larger than" in why:
        return refusal(
            "file_cell_too_long",
            f"a value has more than {LONGEST_CELL:,} characters, or a quote is never closed",
            QUOTES_REMEDY,
            row=number,
        )
    return refusal("file_quotes", "the quotes of this row do not fit together", QUOTES_REMEDY, row=number)
