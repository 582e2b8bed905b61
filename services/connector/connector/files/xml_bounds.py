"""A look over the parts of a workbook before a library builds trees of them: a small archive may unpack to more than memory holds."""

from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZipFile, ZipInfo

from connector.files.refusals import refusal

MOST_PARTS = 2_000
UNITS = {"row": 1_048_576, "si": 2_000_000}
"""How many rows a sheet can have, and how many shared texts are read: each is built, taken in, and dropped before the next."""
MOST_IN_UNIT = 65_536
"""Elements of one row or text: four for each cell that a row can have."""
MOST_ELEMENTS = 200_000
"""Of one part, outside of rows and texts: formats, links, merged cells, all of which are built at once."""
LONGEST_NUMBER = 7
"""Digits of a row's number."""
DEEPEST = 100
REMEDY = "Save the sheet that is wanted as CSV UTF-8, or as a workbook of its own."


def look_over(archive: ZipFile, largest: int) -> dict[str, str]:
    """Return, by the name of its part, the first cell of a sheet that holds a formula and no value.

    Raises `FileRefused` for what no spreadsheet writes.
    """
    parts = archive.infolist()
    # A part is never unpacked beyond the size that it declares: what all declare is what there is.
    unpacked = sum(part.file_size for part in parts)
    if unpacked > largest or len(parts) > MOST_PARTS:
        raise refusal(
            "file_unpacks_too_large",
            f"the workbook unpacks to {unpacked:,} bytes in {len(parts):,} parts; at most {largest:,} in {MOST_PARTS:,} are read",
            REMEDY,
        )
    found = ((part.filename, _Part(part).uncalculated(archive)) for part in parts if part.filename.endswith((".xml", ".rels")))
    return {name: cell for name, cell in found if cell is not None}


class _Part:
    """Counts the elements of one part, and keeps none of them."""

    def __init__(self, part: ZipInfo) -> None:
        self._part = part
        self._depth = self._elements = self._within = 0
        self._units = dict.fromkeys(UNITS, 0)
        self._unit: str | None = None
        self._cell, self._is_text, self._has_formula = "", False, False
        self._in_value = self._has_value = False
        self._uncalculated: str | None = None

    def uncalculated(self, archive: ZipFile) -> str | None:
        """Return the first cell with a formula and no value. Raises `FileRefused`."""
        parser = ParserCreate()
        parser.CharacterDataHandler = self._said
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._declared
        try:
            with archive.open(self._part) as content:
                parser.ParseFile(content)
        except ExpatError:
            raise refusal(
                "file_workbook_unreadable", "the workbook is damaged", "Open it in a spreadsheet, and save it as XLSX again."
            ) from None
        return self._uncalculated

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._beyond(f"elements inside each other more than {DEEPEST} deep")
        tag = name.rpartition(":")[2]
        if tag == "c":
            # A formula whose value is an empty text says so by the type.
            self._cell, self._is_text = attributes.get("r", ""), attributes.get("t") == "str"
            self._has_formula = self._has_value = False
        self._has_formula = self._has_formula or tag == "f"
        self._in_value = tag == "v"
        if tag in UNITS:
            self._begin_unit(tag, attributes.get("r") if tag == "row" else None)
        elif self._unit is not None:
            self._within += 1
            if self._within > MOST_IN_UNIT:
                raise self._beyond(f"a {self._unit} with more than {MOST_IN_UNIT:,} elements")
        else:
            self._elements += 1
            if self._elements > MOST_ELEMENTS:
                raise self._beyond(f"more than {MOST_ELEMENTS:,} elements beside its rows")

    def _begin_unit(self, tag: str, number: str | None) -> None:
        if number is not None and not (number.isdecimal() and len(number) <= LONGEST_NUMBER):
            raise self._beyond("a row whose number is none")
        self._unit, self._within = tag, 0
        self._units[tag] = max(self._units[tag] + 1, int(number or 0))
        if self._units[tag] > UNITS[tag]:
            raise self._beyond(f"more than {UNITS[tag]:,} of {tag}")

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._in_value = False
        tag = name.rpartition(":")[2]
        if tag == self._unit:
            self._unit = None
        elif tag == "c" and self._has_formula and not (self._has_value or self._is_text):
            self._uncalculated = self._uncalculated or self._cell or "?"

    def _said(self, text: str) -> None:
        self._has_value = self._has_value or (self._in_value and bool(text.strip()))

    def _declared(self, *_: Any) -> None:
        raise self._beyond("a document type declaration")

    def _beyond(self, what: str) -> Exception:
        return refusal("file_workbook_strange", f"the workbook's part {self._part.filename[:100]!r} holds {what}", REMEDY)
