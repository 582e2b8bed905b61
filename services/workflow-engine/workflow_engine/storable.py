"""Text and JSON that PostgreSQL can store: it has no place for the character NUL."""

from typing import Any

from shared.errors import Invalid

NUL = "\x00"
IN_ITS_PLACE = "\ufffd"


def checked(field: str, text: str) -> str:
    """Return what somebody typed. Raises `Invalid` when it holds a NUL."""
    if NUL in text:
        problem = {"field": field, "message": "holds a NUL character", "remedy": "Type it again, without control characters."}
        raise Invalid(f"{field} holds a NUL character", remedy=problem["remedy"], fields=[problem])
    return text


def storable(value: Any) -> Any:
    """Return JSON as a source gave it, with U+FFFD wherever it held a NUL."""
    if isinstance(value, str):
        return value.replace(NUL, IN_ITS_PLACE)
    if isinstance(value, dict):
        return {storable(key): storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    return value
