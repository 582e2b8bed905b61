"""Raw values as they are kept: what is long is cut off. Pure."""

from typing import Any

import orjson

from mapper.fields.values import storable

LONGEST_RAW = 1000
"""Characters of a raw value that are kept."""


def kept_raw(raw: Any) -> dict[str, Any]:
    """Return a raw value as it is kept: what is long is cut off, as text."""
    if isinstance(raw, str) and len(raw) <= LONGEST_RAW:
        return {"value": storable(raw)}
    text = raw if isinstance(raw, str) else orjson.dumps(storable(raw)).decode()
    return {"value": storable(text[:LONGEST_RAW]), "cut": True} if len(text) > LONGEST_RAW else {"value": storable(raw)}
