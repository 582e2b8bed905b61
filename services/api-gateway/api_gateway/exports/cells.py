"""Values as cells of a table that a spreadsheet may open: whatever a text holds, it stays a text. Pure."""

from typing import Any

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet take the text behind it for a formula; the last four are the same signs in full width."""
LONGEST_CELL = 32_767
"""Characters that a cell of a workbook holds."""
EXACT_DIGITS = 15
"""Digits of a number that a spreadsheet keeps."""


def is_dangerous(text: str) -> bool:
    """Return whether a spreadsheet would calculate a text instead of showing it."""
    return text.startswith(FORMULA_SIGNS)


def csv_cell(value: Any) -> str:
    """Return a value as text. A text that looks like a formula gets an apostrophe before it, which spreadsheets take for "this is text"."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    text = plain(value)
    return f"'{text}" if is_dangerous(text) else text


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
    return -(10**EXACT_DIGITS) < value < 10**EXACT_DIGITS
