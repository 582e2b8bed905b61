"""What could be mapped: the fields that a source declares, and the paths that its sample records show. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from mapper.fields.values import is_storable
from mapper.smart_mapping.context import is_secret
from mapper.smart_mapping.words import words
from mapper.transformations.paths import at_path
from shared.api.sources import SourceField
from shared.rules.fold import fold_text

Kind = Literal["text", "datetime", "number", "boolean", "list", "object"]

MOST_PATHS = 500
DEEPEST = 8
LONGEST_LOOKED_AT = 256
"""Characters of a value that are looked at: no value that identifies anybody is longer."""
_SECRET_VALUE = re.compile(r"^(\$2[abxy]?\$|\$argon2|\$6\$|\{SSHA|eyJ[\w-]{8,}\.|-----BEGIN)")
_YES_NO = {"true", "false", "yes", "no"}
_PRIMARY = ("primary", "isPrimary", "is_primary")


@dataclass(frozen=True)
class Candidate:
    """One path, with what it is called and what the samples have there: one value per record, None where it is empty."""

    path: tuple[str, ...]
    key: str | None = None
    label: str | None = None
    declared: Kind | None = None
    values: tuple[Any, ...] = field(default=(), repr=False)
    one_of_many: bool = False
    """It is the first entry of lists that have more, and nothing says that the first is the primary one."""
    records: Sequence[Mapping[str, Any]] = field(default=(), repr=False, compare=False)
    """The samples, as they are."""

    @cached_property
    def present(self) -> tuple[Any, ...]:
        """The values that are not empty."""
        return tuple(value for value in self.values if value is not None)

    @cached_property
    def folded(self) -> tuple[str | None, ...]:
        """The values as they are compared: one per record."""
        return tuple(None if value is None else fold_text(str(value)) for value in self.values)

    @cached_property
    def steps(self) -> tuple[tuple[str, ...], ...]:
        """The words of each step of the path; places in lists have none."""
        return tuple(parts for step in self.path if not step.isdigit() and (parts := words(step)))

    @property
    def kind(self) -> Kind | None:
        """What its values are; what was declared as long as there are none."""
        kinds = {_kind(value) for value in self.present}
        if len(kinds) > 1:
            return "text" if kinds <= {"text", "number"} else "object"
        return kinds.pop() if kinds else self.declared

    @property
    def is_yes_or_no(self) -> bool:
        """Whether it only says yes or no, in whichever form every field that is yes or no takes."""
        if self.kind == "boolean" or self.declared == "boolean":
            return True
        return bool(self.present) and all(isinstance(value, str) and value.strip().casefold() in _YES_NO for value in self.present)

    @property
    def duplicates(self) -> int:
        """How many of the values are shared with another record."""
        present = [value for value in self.folded if value is not None]
        return len(present) - sum(1 for value in set(present) if present.count(value) == 1)


def candidates(declared: Sequence[SourceField], samples: Sequence[Mapping[str, Any]]) -> list[Candidate]:
    """Return what may be mapped: nothing that is an object, or looks like a secret."""
    named = {tuple(entry.path): entry for entry in declared}
    paths = dict.fromkeys(named)
    for record in samples:
        for path in _paths(record, ()):
            if len(paths) >= MOST_PATHS:
                break
            paths.setdefault(path)
    found = (_candidate(path, named.get(path), samples) for path in paths)
    return [one for one in found if _mappable(one)]


def _candidate(path: tuple[str, ...], entry: SourceField | None, samples: Sequence[Mapping[str, Any]]) -> Candidate:
    return Candidate(
        path,
        key=entry.key if entry else None,
        label=entry.label if entry else None,
        declared=entry.data_type if entry else None,
        values=tuple(_looked_at(at_path(record, path)) for record in samples),
        one_of_many=any(_of_many(record, path) for record in samples),
        records=samples,
    )


def _paths(place: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if len(path) > DEEPEST or (path and not is_storable(path[-1])):
        return
    if isinstance(place, Mapping) and place:
        for key, inner in place.items():
            yield from _paths(inner, (*path, str(key)))
    elif isinstance(place, list):
        if place and not any(isinstance(inner, Mapping | list) for inner in place):
            yield path
        yield from _paths(place[0], (*path, "0")) if place else ()
    elif path and not isinstance(place, Mapping):
        yield path


def _of_many(record: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    for at, step in enumerate(path):
        if step.isdigit() and isinstance(entries := at_path(record, path[:at]), list) and len(entries) > 1:
            first = entries[0]
            return not (isinstance(first, Mapping) and any(first.get(name) is True for name in _PRIMARY))
    return False


def _looked_at(value: Any) -> Any:
    if isinstance(value, str):
        return value[:LONGEST_LOOKED_AT] if value.strip() else None
    return None if value in ([], {}) else value


def _kind(value: Any) -> Kind:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "object"


def _mappable(one: Candidate) -> bool:
    if one.kind == "object" or any(is_secret(step) for step in one.steps):
        return False
    if any(is_secret(words(name)) for name in (one.label, one.key) if name):
        return False
    return not any(isinstance(value, str) and _SECRET_VALUE.match(value) for value in one.present)
