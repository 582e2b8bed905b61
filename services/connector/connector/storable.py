"""Text and JSON that every database and the bus can keep: without NUL, which PostgreSQL refuses, lone surrogates, and numbers beyond JSON.

What is said about something is put right (`storable`). A record is not: changed in silence it would be told as the source's own, so
it is refused, and kept with escapes (`escaped`) that can be undone.
"""

import re
from typing import Any

import orjson

from shared.errors import Invalid

NUL = "\x00"
IN_ITS_PLACE = "\ufffd"
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
TO_ESCAPE = re.compile("[\\\\\x00\ud800-\udfff]")
SMALLEST, LARGEST = -(2**63), 2**64 - 1
"""Whole numbers that our JSON takes."""


class AsWritten(str):
    """How a source wrote what our JSON has no place for: `NaN`, a number beyond every float, or what is nested too deep."""

    __slots__ = ()


def checked(field: str, text: str) -> str:
    """Return what somebody typed. Raises `Invalid` when it holds a NUL."""
    if NUL in text:
        problem = {"field": field, "message": "holds a NUL character", "remedy": "Type it again, without control characters."}
        raise Invalid(f"{field} holds a NUL character", remedy=problem["remedy"], fields=[problem])
    return text


def storable(value: Any) -> Any:
    """Return JSON as a source gave it, with U+FFFD wherever it held what cannot be stored, and numbers beyond JSON as text."""
    if isinstance(value, str):
        return UNSTORABLE.sub(IN_ITS_PLACE, value)
    if isinstance(value, dict):
        return {storable(key): storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    return value if value is None or isinstance(value, bool) or not isinstance(value, int) or SMALLEST <= value <= LARGEST else str(value)


def storable_json(value: Any) -> bytes | None:
    """Return it as JSON when nothing in it needs a closer look, else None.

    It says no to some that can be stored, at a fiftieth of the price of looking.
    """
    try:
        written = orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
    except orjson.JSONEncodeError:
        return None
    return None if b"\\u0000" in written else written


def unstorable_in(value: Any, place: str = "") -> str | None:
    """Return where the first thing is that cannot be stored: keys with dots between them, or None. The place itself can be stored."""
    if isinstance(value, dict):
        for key, inner in value.items():
            where = f"{place}.{escaped(key)}" if place else str(escaped(key))
            found = where if unstorable_in(key) is not None else unstorable_in(inner, where)
            if found is not None:
                return found
        return None
    if isinstance(value, list):
        return next((found for number, inner in enumerate(value) if (found := unstorable_in(inner, f"{place}.{number}")) is not None), None)
    odd = isinstance(value, AsWritten) or (isinstance(value, str) and UNSTORABLE.search(value) is not None)
    return place if odd else None


def escaped(value: Any) -> Any:
    r"""Return a record in a form that can be stored and turned back.

    In every text and key a backslash is doubled, and what cannot be stored stands as JSON's own escape, `\u0000` or `\ud800`. What JSON
    has no place for, a number or what is nested too deep, stands as `\=` and how the source wrote it, escaped likewise.
    """
    if isinstance(value, AsWritten):
        return f"\\={escaped(str(value))}"
    if isinstance(value, str):
        return TO_ESCAPE.sub(lambda found: "\\\\" if found[0] == "\\" else f"\\u{ord(found[0]):04x}", value)
    if isinstance(value, dict):
        return {escaped(key): escaped(inner) for key, inner in value.items()}
    return [escaped(inner) for inner in value] if isinstance(value, list) else value
