"""What an event says without its personal data: which fields it has, ids, times and counts; neither texts nor records."""

from datetime import datetime
from typing import Any
from uuid import UUID

HIDDEN = "********"


def outline(data: Any) -> Any:
    """Return an event's data with nothing that may be about a person: a list is counted, a text hidden unless it is an id or a time.

    A record is always part of a list, or of a field of a list's items: no number of one is shown.
    """
    match data:
        case dict():
            return {key: outline(value) for key, value in data.items()}
        case list():
            return {"items": len(data)}
        case str():
            return data if _is_neutral(data) else HIDDEN
        case _:
            return data


def _is_neutral(text: str) -> bool:
    """Return whether a text is an id of ours or a moment."""
    for read in (UUID, datetime.fromisoformat):
        try:
            read(text)
        except ValueError:
            continue
        return True
    return False
