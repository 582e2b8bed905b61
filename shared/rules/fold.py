"""How rules see a value: as one folded text, the same in memory and in the database.

Text is compared without regard to case or Unicode form, so it is folded once, when it is written; SQL then compares bytes,
and both databases agree with the predicate by construction. Numbers become text that sorts as they do.
"""

import math
import re
import struct
import unicodedata
from typing import Any

TEXT, NUMBER, LIST = "t", "n", "\n"
"""The first character says what was folded."""
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL cannot keep in a text. No stored value holds it; a value to compare with may."""


def fold_text(value: str) -> str:
    """Return text without case, Unicode variants, outer blanks and line breaks; it can be sent to both databases."""
    if value.isascii():
        # The same result at a fraction of the price: nearly every value that a sync writes takes this way.
        folded = value.lower()
        if folded.isprintable():
            return folded.strip()
    else:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return UNSTORABLE.sub("\ufffd", folded.strip().replace("\n", " "))


def fold(value: Any) -> str | None:
    """Return the folded form of a flat value; None when it is empty."""
    match value:
        case None | "" | []:
            return None
        case bool():
            return TEXT + ("yes" if value else "no")
        case int() | float():
            return NUMBER + _sortable(float(value)) if _finite(value) else None
        case list():
            return LIST + LIST.join(fold_text(str(item)) for item in value) + LIST
        case _:
            return TEXT + fold_text(str(value))


def fold_record(fields: dict[str, Any]) -> dict[str, str]:
    """Return the folded values of a record; empty ones are left out."""
    return {key: folded for key, value in fields.items() if (folded := fold(value)) is not None}


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _sortable(number: float) -> str:
    """Return 16 hexadecimal digits that sort as the number does (IEEE 754 with the sign bit turned)."""
    bits: int = struct.unpack(">Q", struct.pack(">d", number + 0.0))[0]
    return f"{(bits ^ 0xFFFF_FFFF_FFFF_FFFF) if bits >> 63 else (bits | 1 << 63):016x}"
