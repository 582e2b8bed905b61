"""Values as cells of a table that a spreadsheet may open: whatever a text holds, it stays a text. Pure."""

import re
from typing import Any

SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
"""What makes a spreadsheet take the text behind it for a formula; the last four are the same signs in full width."""
BEGINS_FORMULA = re.compile(rf"\s*[{SIGNS}]|[\t\r\n]")
BREAK = re.compile(r"[\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
BEFORE_FORMULA = re.compile(rf"^(?=\s*[{SIGNS}])|(?<=;)(?=\s*(?:[\"{SIGNS}]|$))")
"""Where an apostrophe is needed: before the text, and behind what ends a cell where numbers have a decimal comma.

A quotation mark there, also the one that ends the cell, would begin a quoted cell for such a reader.
"""
LONGEST_CELL = 32_767
"""Characters that a cell of a workbook holds."""
EXACT_DIGITS = 15
"""Digits of a number that a spreadsheet keeps."""


def is_dangerous(text: str) -> bool:
    """Return whether a spreadsheet would calculate a text instead of showing it."""
    return BEGINS_FORMULA.match(text) is not None


def csv_cell(value: Any) -> str:
    """Return a value as text. What looks like a formula gets an apostrophe before it, which spreadsheets take for "this is text".

    A break within a text becomes a blank: a reader that takes another sign for the end of a cell would begin a row there.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    return BEFORE_FORMULA.sub("'", BREAK.sub(" ", plain(value)))


def plain(value: Any) -> str:
    """Return a value as people read it: yes and no, the items of a list with semicolons between them, nothing for an empty one."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return "; ".join(map(str, value))
        case _:
            return str(value)


def is_exact(value: float) -> bool:
    """Return whether a spreadsheet shows a number as it is."""
    return bool(-(10**EXACT_DIGITS) < value < 10**EXACT_DIGITS)
