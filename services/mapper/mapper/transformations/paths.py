"""Following a path into a record. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

LONGEST_INDEX = 6


def at_path(record: Any, path: Sequence[str]) -> Any:
    """Return what is at `path`: keys one by one, digits walk lists; anything missing is None."""
    place = record
    for step in path:
        if isinstance(place, Mapping):
            place = place.get(step)
        elif isinstance(place, list) and step.isascii() and step.isdigit() and len(step) <= LONGEST_INDEX and int(step) < len(place):
            place = place[int(step)]
        else:
            return None
    return place
