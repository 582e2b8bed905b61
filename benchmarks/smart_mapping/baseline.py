"""The plain way: the first path whose last key is the target's key or label, once case and punctuation are gone."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.smart_mapping.shape import Shape
from shared.api.fields import FieldOut
from shared.api.suggestions import Certainty
from shared.events.records import RecordType


def baseline(shape: Shape, object_type: RecordType, known: dict[str, FieldOut]) -> Iterable[tuple[str, tuple[str, ...], Certainty]]:
    """Match names exactly, once normalised. What it finds, it is sure of."""
    del object_type
    paths = list(dict.fromkeys(path for record in shape.records for path in _paths(record, ())))
    for key, field in known.items():
        wanted = {_plain(key), _plain(field.label)}
        found = next((path for path in paths if _plain(path[-1]) in wanted), None)
        if found is not None:
            yield key, found, "sure"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _paths(place: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(place, dict):
        for key, inner in place.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(place, list) and place:
        yield from _paths(place[0], (*path, "0"))
    elif path:
        yield path
