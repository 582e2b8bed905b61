"""Files of people: whatever a spreadsheet writes is read back as it was; what cannot be read is said with its row, column and remedy."""

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from connector.files.reading import PIECE_ROWS, Wanted, read_file, unpack
from connector.files.refusals import FileRefused, letters
from shared.errors import Invalid

MIB = 1024 * 1024
cells = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12) | st.sampled_from(
    ["007", "a\nb", "x\r\ny", '"', "=1+1", " pad ", ";,\t|"]
)
names = st.lists(st.text("abcdefgh", min_size=1, max_size=8), min_size=1, max_size=5, unique=True)


@st.composite
def tables(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> tuple[list[str], list[list[Any]]]:
    """Draw a header, and rows below it that are not blank."""
    header = draw(names)
    rows = draw(st.lists(st.lists(values, min_size=len(header), max_size=len(header)), min_size=1, max_size=6))
    return header, [[f"id{number}", *row[1:]] for number, row in enumerate(rows)]


def read(content: bytes, **wanted: Any) -> tuple[list[str], list[list[Any]]]:
    """Return the columns and the rows of a file, each behind its number."""
    pieces = read_file(io.BytesIO(content), Wanted(**{"largest": 32 * MIB, "most_rows": 100_000, **wanted}))
    try:
        rows = [row for packed in pieces.contents() for row in unpack(packed)]
        assert (pieces.rows, pieces.size) == (len(rows), len(content))
        return pieces.columns, rows
    finally:
        pieces.close()


def refused(content: bytes, **wanted: Any) -> Invalid:
    """Return the error with which a file is refused."""
    with pytest.raises(Invalid) as caught:
        read(content, **wanted)
    assert caught.value.remedy
    assert caught.value.fields
    return caught.value


def book(rows: Sequence[Sequence[Any]], *, hidden: bool = False) -> bytes:
    """Return a workbook, in which a formula stands with the value that a spreadsheet would have calculated: `("=1+1", 2)`."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        first = workbook.add_worksheet("Notes")
        sheet = workbook.add_worksheet("People") if hidden else first
        if hidden:
            sheet.activate()
            first.hide()
        formats = {date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm:ss", time: "hh:mm"}
        styles = {kind: workbook.add_format({"num_format": pattern}) for kind, pattern in formats.items()}
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                if isinstance(value, tuple):
                    sheet.write_formula(row, column, value[0], None, value[1])
                elif type(value) in styles:
                    sheet.write_datetime(row, column, value, styles[type(value)])
                elif isinstance(value, str):
                    sheet.write_string(row, column, value)
                else:
                    sheet.write(row, column, value)
    return content.getvalue()


def tampered(part: str, text: str, rows: Sequence[Sequence[Any]] = (("id",), ("1",))) -> bytes:
    """Return a workbook of which one part is replaced."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book(rows))) as good, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bad:
        for one in good.infolist():
            bad.writestr(one.filename, text if one.filename == part else good.read(one.filename))
    return content.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet_xml(rows: str) -> str:
    """Return a sheet's part."""
    return f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


@given(
    tables(cells),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_is_written_as_csv_is_read_back(table: tuple[list[str], list[list[str]]], delimiter: str, encoding: str, end: str) -> None:
    """Whichever delimiter, encoding and line ends a spreadsheet chooses; an empty cell is nothing, `007` stays a text."""
    header, rows = table
    text = io.StringIO()
    # A header of one column names no delimiter: it needs none either, as long as its values are in quotes.
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL if len(header) == 1 else csv.QUOTE_MINIMAL).writerows(
        [header, *rows]
    )
    columns, found = read(text.getvalue().encode(encoding))
    assert columns == header
    assert [row[1:] for row in found] == [[cell or None for cell in row] for row in rows]
    assert [row[0] for row in found] == list(range(2, len(rows) + 2))


workbook_cells = (
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="_\ufffe\uffff"), max_size=12)
    | st.sampled_from(["007", "a\nb", "=1+1", "1e5", "TRUE", " pad "])
    | st.booleans()
    | st.integers(-(2**50), 2**50)
    | st.integers(-1000, 1000).map(lambda eighths: eighths / 8)
    | st.dates(date(1901, 1, 1), date(2099, 12, 31))
    | st.none()
)


@given(tables(workbook_cells))
def test_whatever_is_written_as_a_workbook_is_read_back(table: tuple[list[str], list[list[Any]]]) -> None:
    """Texts stay texts, numbers numbers, and dates become what every mapping can read."""
    header, rows = table

    def expected(cell: Any) -> Any:
        return cell.isoformat() if isinstance(cell, date) else None if cell == "" else cell

    columns, found = read(book([header, *rows]))
    assert columns == header
    padded = [[*row[1:], *([None] * (len(header) + 1 - len(row)))] for row in found]
    assert padded == [[expected(cell) for cell in row] for row in rows]
    # True equals 1: the types are looked at by themselves.
    assert [[type(cell) is bool for cell in row] for row in padded] == [[type(cell) is bool for cell in row] for row in rows]


def test_formulas_are_read_by_their_values_and_moments_in_iso_form() -> None:
    """A formula is how somebody came to a value; the value is what they meant."""
    header = '<row r="1"><c t="inlineStr"><is><t>id</t></is></c><c t="inlineStr"><is><t>note</t></is></c></row>'
    empty = sheet_xml(header + '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="str"><f>IF(A2="",1,"")</f><v></v></c></row>')
    assert read(tampered(SHEET, empty))[1] == [[2, 1]], "an empty text is a value, too"
    row = ["1", ("=B1&C1", "Ada Lovelace"), ("=6*7", 42), datetime(2024, 1, 31, 23, 59, 59), time(8, 30), 3.0]  # noqa: DTZ001
    _, found = read(book([["id", "name", "answer", "seen", "begins", "whole"], row]))
    assert found == [[2, "1", "Ada Lovelace", 42, "2024-01-31T23:59:59", "08:30:00", 3]]


def test_the_first_visible_sheet_is_read_or_the_one_that_is_named() -> None:
    """Notes that somebody hid are no people."""
    content = book([["id"], ["1"]], hidden=True)
    assert read(content) == (["id"], [[2, "1"]])
    assert read(content, sheet="People")[0] == ["id"]
    error = refused(content, sheet="Notes")
    assert (error.code, error.remedy) == ("file_sheet_unknown", "Use one of: 'People'.")


def test_rows_are_numbered_as_a_spreadsheet_numbers_them() -> None:
    """Whoever is told of row 7 looks at row 7: blank rows count, though nothing is read of them."""
    assert read(b"id,b\n\n1,x\n , \n2,y\n")[1] == [[3, "1", "x"], [5, "2", "y"]]
    assert read(book([["id"], [], ["1"], [None], ["2"]]))[1] == [[3, "1"], [5, "2"]]
    assert read(b"sep=;\r\nid;b\r\n1;x\r\n") == (["id", "b"], [[2, "1", "x"]])
    assert read(b"id,b\rx,y\r")[1] == [[2, "x", "y"]], "line ends of old machines"
    assert [letters(one) for one in (1, 26, 27, 52, 703)] == ["A", "Z", "AA", "AZ", "AAA"]


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (b"", "file_empty", {}),
        (b"\n\n , \n", "file_empty", {}),
        (b"id,name\n", "file_empty", {}),
        (b"id,name,Name \nx", "file_header_doubled", {"row": 1, "column": "C"}),
        (b"id,,name\nx", "file_header_empty", {"row": 1, "column": "B"}),
        (b"i" * 201 + b"\nx", "file_header_too_long", {"row": 1, "column": "A"}),
        (b"c," * 501 + b"d\n", "file_columns_too_many", {"row": 1}),
        (b"id,name\n1,a\n2,b,c\n", "file_row_too_wide", {"row": 3, "column": "C"}),
        (b'id,name\n1,"a\n2,b\n', "file_quotes", {"row": 2}),
        (b'id,name\n1,a\n2,"b"c\n', "file_quotes", {"row": 3}),
        (b"id,name\n1," + b"x" * 100_001 + b"\n", "file_cell_too_long", {"row": 2, "column": "B"}),
        (b"id,name\n1," + b"x" * 140_000 + b"\n", "file_cell_too_long", {"row": 2}),
        (b"id,name\n1,Zo\xeb\n", "file_encoding", {"line": 2}),
        ("id,name\n1,Zoë\n".encode("utf-16-le"), "file_binary", {}),
        (b"%PDF-1.7\n", "file_binary", {}),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file_binary", {}),
        (b"id\n" + b"\x00" * 10, "file_binary", {}),
        (b"id\n" + b"x\n" * 5000 + b"\x00", "file_binary", {}),
        (b"PK\x03\x04 and then nothing", "file_workbook_unreadable", {}),
        (book([["id", "name"], ["1", ("=NA()", "#N/A")]]), "file_cell_error", {"row": 2, "column": "B"}),
        (
            tampered(SHEET, sheet_xml('<row r="2"><c r="B2"><f>NOW()</f><v></v></c></row>')),
            "file_formula_uncalculated",
            {"row": 2, "column": "B"},
        ),
        (book([["id"], ["1"]])[:-40], "file_workbook_unreadable", {}),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(content: bytes, code: str, place: dict[str, Any]) -> None:
    """Somebody who looks at forty thousand rows needs to know which one it is."""
    error = refused(content)
    assert error.code == code, error.message
    assert {key: error.details[key] for key in place} == place


def test_another_encoding_is_read_where_somebody_says_so() -> None:
    """What an old spreadsheet wrote is no guesswork: the same bytes mean other names in other encodings."""
    content = "id;name\n1;Zoë €\n".encode("cp1252")
    assert refused(content).code == "file_encoding"
    assert read(content, encoding="windows-1252")[1] == [[2, "1", "Zoë €"]]
    late = b"id\n" + b"x\n" * 20_000 + "é\n".encode("cp1252")
    assert refused(late).details["line"] == 20_002


def test_ids_that_do_not_tell_rows_apart_are_refused_with_their_rows() -> None:
    """Which of two rows is right nobody can know; and a row without an id may be anybody who is said to be missing."""
    assert read(b"Nr,name\n1,a\n2,b\n", id_column="nr")[0] == ["Nr", "name"]
    doubled = refused(b"id,b\n1,x\n2,x\n1,y\n 2 ,y\n", id_column="id")
    assert (doubled.code, sorted(doubled.fields[0]["rows"])) == ("file_ids_doubled", [2, 3, 4, 5])
    missing = refused(b"id,b\n1,x\n,y\n" + b"x" * 201 + b",z\n", id_column="ID")
    assert (missing.code, missing.fields[0]["rows"]) == ("file_ids_missing", [3, 4])
    unknown = refused(b"id,b\n1,x\n", id_column="Personnel number")
    assert (unknown.code, "'id', 'b'" in str(unknown.remedy)) == ("file_column_unknown", True)
    for value in (True, 1.5, None):
        assert refused(book([["id", "b"], [value, "x"]]), id_column="id").code == "file_ids_missing"


def test_no_error_repeats_what_a_cell_holds() -> None:
    """Errors of runs are logged, and an id may be somebody's address."""
    for content in (b"id,b\nada@x.example,x\nada@x.example,y\n", b'id,b\n1,"ada@x.example"z\n', b"id\n1,ada@x.example\n"):
        error = refused(content, id_column="id")
        assert "ada@" not in f"{error.message} {error.remedy} {error.fields} {error.details}"


@pytest.mark.parametrize(
    "content",
    [
        tampered(SHEET, sheet_xml('<row r="1">' + "<c/>" * 200_000 + "</row>")),
        tampered(SHEET, sheet_xml("<row/>" * 1_100_000)),
        tampered(SHEET, sheet_xml('<row r="99999999999999"><c><v>1</v></c></row>')),
        tampered(SHEET, sheet_xml('<row r="1048577"><c><v>1</v></c></row>')),
        tampered(SHEET, "<a>" * 200),
        tampered(SHEET, f'<!DOCTYPE worksheet [<!ENTITY a "aaaa">]><worksheet xmlns="{MAIN}">&a;</worksheet>'),
        tampered("xl/styles.xml", f'<styleSheet xmlns="{MAIN}">' + "<xf/>" * 210_000 + "</styleSheet>"),
        tampered("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}"><si>' + "<r/>" * 70_000 + "</si></sst>"),
    ],
    ids=["wide", "rows", "huge row number", "row number beyond", "deep", "declaration", "styles", "a text of many parts"],
)
def test_a_workbook_that_would_unpack_without_end_is_refused_before_it_is_built(content: bytes) -> None:
    """A few kilobytes must not take gigabytes of memory from everybody else."""
    tracemalloc.start()
    try:
        error = refused(content)
        assert error.code == "file_workbook_strange", error.message
        assert tracemalloc.get_traced_memory()[1] < 64 * MIB
    finally:
        tracemalloc.stop()


def test_a_workbook_that_unpacks_to_too_much_is_refused_by_what_it_declares() -> None:
    """The size of its parts is known before one of them is unpacked."""
    large = tampered("docProps/core.xml", " " * 12 * MIB)
    assert len(large) < MIB
    assert refused(large, largest=MIB).code == "file_unpacks_too_large"


def test_a_damaged_part_is_the_files_fault() -> None:
    """Whatever a library makes of it, whoever sent it is told that it is the file."""
    for part, text in ((SHEET, "<worksheet"), ("xl/workbook.xml", "<x/>"), ("[Content_Types].xml", "<Types/>")):
        assert isinstance(refused(tampered(part, text)), FileRefused)
    odd = sheet_xml('<row r="1"><c t="s"><v>77</v></c></row>')
    assert refused(tampered(SHEET, odd)).code == "file_workbook_unreadable"
    lying = tampered(
        SHEET,
        sheet_xml('<row r="1"><c t="inlineStr"><is><t>id</t></is></c></row><row><c><v>5</v></c></row>').replace(
            "<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>'
        ),
    )
    assert read(lying) == (["id"], [[2, 5]])


def test_memory_does_not_grow_with_a_file() -> None:
    """A million rows are read in the room of a few pieces: a list of everybody is not held."""

    def peak(rows: int) -> int:
        content = b"id,name,mail\n" + b"".join(b"%d,Somebody %d,p%d@example.com\n" % (one, one, one) for one in range(rows))
        tracemalloc.start()
        try:
            pieces = read_file(io.BytesIO(content), Wanted(largest=64 * MIB, most_rows=1_000_000, id_column="id"))
            pieces.close()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small, large = peak(20_000), peak(100_000)
    assert large - small < 80_000 * 40, (small, large)


def test_rows_are_bounded_in_number_and_in_pieces() -> None:
    """A piece becomes a page of a run, which travels as one message."""
    content = b"id,text\n" + b"".join(b"%d,%s\n" % (one, b"x" * 2000) for one in range(300))
    assert refused(content, most_rows=299).code == "file_rows_too_many"
    pieces = read_file(io.BytesIO(content), Wanted(largest=MIB, most_rows=300))
    sizes = [len(unpack(packed)) for packed in pieces.contents()]
    pieces.close()
    assert sum(sizes) == 300
    assert max(sizes) <= 132
    many = read_file(io.BytesIO(b"id\n" + b"1\n" * 1200), Wanted(largest=MIB, most_rows=5000))
    assert [len(unpack(packed)) for packed in many.contents()] == [PIECE_ROWS, PIECE_ROWS, 200]
    many.close()


def test_a_quote_that_is_never_closed_does_not_swallow_the_memory() -> None:
    """All that follows would be one row."""

    def blocks() -> Iterator[bytes]:
        yield b'id,b\n1,"'
        for _ in range(60):
            yield b'x","y\n' * 20_000

    error = refused(b"".join(blocks()))
    assert error.code in {"file_row_too_long", "file_quotes", "file_cell_too_long"}
