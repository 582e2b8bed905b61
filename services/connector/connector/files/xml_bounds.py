"""A look over the parts of a workbook before a library builds trees of them: a small archive may unpack to more than memory holds."""

from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZipFile, ZipInfo

from connector.files.refusals import refusal

MOST_PARTS = 2_000
MOST_ROWS = 1_048_576
MOST_CELLS = 16_384
"""In one row. What a workbook can have, as the two above and below."""
MOST_ELEMENTS = 4_000_000
"""Of one part, outside of its rows: a million texts have two million."""
DEEPEST = 100
BLOCK = 65_536
REMEDY = "Save the sheet that is wanted as CSV UTF-8, or as a workbook of its own."


def look_over(archive: ZipFile, largest: int) -> frozenset[str]:
    """Return the names of the sheets' parts that hold formulas. Raises `FileRefused` for what no spreadsheet writes."""
    parts = archive.infolist()
    # A part is never unpacked beyond the size that it declares: what all declare is what there is.
    unpacked = sum(part.file_size for part in parts)
    if unpacked > largest or len(parts) > MOST_PARTS:
        message = f"the workbook unpacks to {unpacked:,} bytes in {len(parts):,} parts; at most {largest:,} in {MOST_PARTS:,} are read"
        raise refusal("file_unpacks_too_large", message, REMEDY)
    return frozenset(part.filename for part in parts if part.filename.endswith((".xml", ".rels")) and _Part(part).has_formula(archive))


class _Part:
    """Counts the elements of one part, and keeps none of them."""

    def __init__(self, part: ZipInfo) -> None:
        self._part = part
        self._depth = self._elements = self._rows = self._cells = 0
        self._in_row = self._has_formula = False

    def has_formula(self, archive: ZipFile) -> bool:
        """Return whether there is a formula in it. Raises `FileRefused`."""
        parser = ParserCreate()
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._declared
        try:
            with archive.open(self._part) as content:
                while block := content.read(BLOCK):
                    parser.Parse(block, False)  # noqa: FBT003 - expat takes it by place only
                parser.Parse(b"", True)  # noqa: FBT003
        except ExpatError:
            raise refusal(
                "file_workbook_unreadable", "the workbook is damaged", "Open it in a spreadsheet, and save it as XLSX again."
            ) from None
        return self._has_formula

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._beyond(f"elements inside each other more than {DEEPEST} deep")
        match name.rpartition(":")[2]:
            case "row":
                self._in_row, self._cells = True, 0
                number = attributes.get("r", "")
                self._rows = max(self._rows + 1, int(number) if number.isdecimal() and len(number) < 10 else MOST_ROWS * bool(number))  # noqa: PLR2004
                if self._rows > MOST_ROWS:
                    raise self._beyond(f"more than {MOST_ROWS:,} rows")
            case "f":
                self._has_formula = True
            case _:
                pass
        if not self._in_row:
            self._elements += 1
            if self._elements > MOST_ELEMENTS:
                raise self._beyond(f"more than {MOST_ELEMENTS:,} elements")
            return
        self._cells += 1
        # A cell has a value and perhaps a formula; a formatted text has more.
        if self._cells > 4 * MOST_CELLS:
            raise self._beyond(f"a row with more than {MOST_CELLS:,} cells")

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name.rpartition(":")[2] == "row":
            self._in_row = False

    def _declared(self, *_: Any) -> None:
        raise self._beyond("a document type declaration")

    def _beyond(self, what: str) -> Exception:
        return refusal("file_workbook_strange", f"the workbook's part {self._part.filename[:100]!r} holds {what}", REMEDY)
