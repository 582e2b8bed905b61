"""How rules see a value: as one folded text, the same in memory and in the database.

Text is compared without regard to case or Unicode form, so it is folded once, when it is written; SQL then compares bytes,
and both databases agree with the predicate by construction. Numbers become text that sorts as they do.
"""

import math
import re
import unicodedata
from decimal import Decimal
from typing import Any

TEXT, NUMBER, LIST = "t", "n", "\n"
"""The first character says what was folded."""
DIGITS = " "
"""Stands between a number's sorting key and its digits as people write them; neither holds one."""
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL cannot keep in a text. No stored value holds it; a value to compare with may."""
NINES = str.maketrans("0123456789", "9876543210")
MIDDLE = 500
"""Added to a number's decimal exponent, which is -324 to 308 for a float, so that it is never negative and has three digits."""


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
    if type(value) is str:
        # Nearly every value: found out by itself, it costs half of what the patterns below do.
        return TEXT + fold_text(value) if value else None
    match value:
        case None | "" | []:
            return None
        case bool():
            return TEXT + ("yes" if value else "no")
        case int() | float():
            return _number(value)
        case list():
            return LIST + LIST.join(fold_text(str(item)) for item in value) + LIST
        case _:
            return TEXT + fold_text(str(value))


def fold_record(fields: dict[str, Any]) -> dict[str, str]:
    """Return the folded values of a record; empty ones are left out."""
    return {key: folded for key, value in fields.items() if (folded := fold(value)) is not None}


def text_of(value: Any) -> str:
    """Return the text by which a value is looked for within others: a number as people write it, anything else folded."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return fold_text(str(value))
    return (_number(value) or "").partition(DIGITS)[2]


def texts_in(folded: str) -> list[str]:
    """Return the texts that a folded value holds: the items of a list, the digits of a number, or itself."""
    if folded.startswith(LIST):
        return folded[1:-1].split(LIST)
    return [folded.partition(DIGITS)[2] if folded.startswith(NUMBER) else folded[1:]]


def _number(value: int | float) -> str | None:  # noqa: PYI041 - the two are told apart
    """Return the sorting key and the digits of a number; equal numbers, such as 5 and 5.0, have the same. None for one without a value.

    The key is exact, also where a float is not: a long number that stands for an identifier equals no other.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return None
    # repr gives a float's shortest digits: 0.1 is 0.1, as it was written.
    exact = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    digits = "".join(map(str, exact.as_tuple().digits)).rstrip("0")
    if not digits:
        return f"{NUMBER}1000{DIGITS}0"
    size = MIDDLE + exact.adjusted()
    if not 0 < size < 2 * MIDDLE:
        return None
    plain = f"{exact:f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    if exact > 0:
        return f"{NUMBER}1{size:03d}{digits}{DIGITS}{plain}"
    # Everything turned round, and an end that sorts behind each further digit: the larger, the smaller.
    return f"{NUMBER}0{2 * MIDDLE - 1 - size:03d}{digits.translate(NINES)}~{DIGITS}{plain}"
