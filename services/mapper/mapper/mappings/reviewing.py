"""What a source answers, place by place, with samples: seen before anything is mapped. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from mapper.fields.values import DoesNotFit, moment, storable
from mapper.transformations.texts import is_empty
from shared.api.mapped_from import FromExpression, FromInput, FromSource, MappedFrom
from shared.api.mappings import MappingOut, ReviewedField, ReviewIn, ReviewOut
from shared.api.source_paths import LONGEST_PATH, typed_path
from shared.api.transformations import FirstOf, Join

MOST_PLACES = 500
MOST_SAMPLES = 3
LONGEST_SAMPLE = 200

Path = tuple[str, ...]


@dataclass(slots=True)
class _Seen:
    types: dict[str, None] = field(default_factory=dict)
    samples: dict[str, None] = field(default_factory=dict)
    filled: int = 0


def review(given: ReviewIn, mapping: MappingOut) -> ReviewOut:
    """Return every place of the records, and those that the provider or the mapping names though no record has them."""
    seen: dict[Path, _Seen] = {}
    truncated = False
    for record in given.records:
        for path, value in _places(record, ()):
            if path not in seen and len(seen) >= MOST_PLACES:
                truncated = True
                continue
            _note(seen.setdefault(path, _Seen()), value)
    custom = {tuple(one.path): one.label for one in mapping.api_fields}
    labels = {tuple(one.path): one.label for one in given.source_fields} | custom
    for path in labels:
        seen.setdefault(path, _Seen())
    targets = _targets_by_path(mapping.targets)
    fields = [
        ReviewedField(
            path=list(path),
            typed=typed_path(list(path)),
            label=labels.get(path),
            custom=path in custom,
            types=list(one.types),
            filled=one.filled,
            samples=list(one.samples),
            targets=targets.get(path, []),
        )
        for path, one in seen.items()
    ]
    return ReviewOut(records=len(given.records), fields=fields, truncated=truncated)


def _places(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Give each place below a value: all keys of objects, and of a list its first item."""
    if path:
        yield path, value
    if len(path) >= LONGEST_PATH:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _places(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], Mapping | list):
        yield from _places(value[0], (*path, "0"))


def _note(seen: _Seen, value: Any) -> None:
    if is_empty(value):
        return
    seen.filled += 1
    seen.types[_type_of(value)] = None
    if len(seen.samples) < MOST_SAMPLES:
        seen.samples[_shown(value)] = None


def _type_of(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case list():
            return "list"
        case str():
            try:
                moment(value)
            except DoesNotFit:
                return "text"
            return "datetime"
        case _:
            return "object"


def _shown(value: Any) -> str:
    clean = storable(value)
    text = clean if isinstance(clean, str) else orjson.dumps(clean, default=str).decode()
    return text if len(text) <= LONGEST_SAMPLE else f"{text[: LONGEST_SAMPLE - 1]}…"


def _targets_by_path(targets: Mapping[str, MappedFrom]) -> dict[Path, list[str]]:
    found: dict[Path, list[str]] = {}
    for target, source in targets.items():
        for path in dict.fromkeys(_paths_of(source)):
            found.setdefault(path, []).append(target)
    return found


def _paths_of(source: MappedFrom) -> Sequence[Path]:
    if not isinstance(source, FromSource | FromInput | FromExpression):
        return ()
    own = [tuple(source.path)] if isinstance(source, FromSource) else []
    return [*own, *(tuple(path) for step in source.steps if isinstance(step, Join | FirstOf) for path in step.paths)]
