"""What a mapping must be before it is stored: sync keys that find one person, sources that fit their fields. Pure."""

import difflib
from collections.abc import Iterator

from mapper.fields.values import DoesNotFit, fitted, is_storable
from shared.api.records import FieldOut, FromConstant, FromSource, FromSyncTime, MappedFrom, MappingIn
from shared.errors import Invalid

TIME_OF_SYNC = "synced_at"
"""The one field that may, and must, have the time of the sync: it changes with every run, so it is kept beside the record."""


class BadSyncKey(Invalid):
    """A sync key is not a unique field, or is not mapped."""

    code = "bad_sync_key"


class BadMappingSource(Invalid):
    """A field cannot take its value from where the mapping says."""

    code = "bad_mapping_source"


def require_sync_keys(given: MappingIn, known: dict[str, FieldOut]) -> None:
    """Raise `BadSyncKey` naming each sync key that is not unique, with the nearest that is, or not mapped."""
    unique = [key for key, field in known.items() if field.unique]
    problems = []
    for key in given.sync_keys:
        if not known[key].unique:
            near = (difflib.get_close_matches(key, unique, n=1) or unique)[0]
            remedy = f"Choose a unique field: {', '.join(unique)}."
            problems.append({"field": f"sync_keys.{key}", "message": f"is not a unique field; did you mean {near}?", "remedy": remedy})
        elif key not in given.targets:
            problems.append({"field": f"sync_keys.{key}", "message": "is not mapped", "remedy": f"Map {key} first."})
    if problems:
        names = ", ".join(problem["field"] for problem in problems)
        raise BadSyncKey(f"these sync keys cannot be used: {names}", remedy="A sync key is a mapped, unique field.", fields=problems)


def require_fitting_sources(given: MappingIn, known: dict[str, FieldOut]) -> None:
    """Raise `BadMappingSource` for what could only ever reject each record: better said once, now."""
    problems = [
        {"field": f"targets.{key}", "message": message, "remedy": remedy}
        for key, source in given.targets.items()
        for message, remedy in _problems(known[key], source)
    ]
    if problems:
        names = ", ".join(problem["field"] for problem in problems)
        raise BadMappingSource(f"these fields cannot be mapped like this: {names}", remedy="Correct the named fields.", fields=problems)


def _problems(field: FieldOut, source: MappedFrom) -> Iterator[tuple[str, str]]:
    if isinstance(source, FromSyncTime) is not (field.key == TIME_OF_SYNC):
        remedy = f"Map the time of the sync to {TIME_OF_SYNC}, and nothing else to it."
        yield f"the time of the sync and {TIME_OF_SYNC} belong together", remedy
    if isinstance(source, FromSource) and not all(is_storable(step) for step in source.path):
        yield "the path holds characters that cannot be stored", "Correct the path."
    if isinstance(source, FromConstant):
        yield from _problems_of_constant(field, source)


def _problems_of_constant(field: FieldOut, source: FromConstant) -> Iterator[tuple[str, str]]:
    if field.unique:
        yield "a unique field cannot have the same value for everybody", "Map it to a field of the source."
    try:
        value = fitted(source.value, field.data_type)
    except DoesNotFit as error:
        yield f"the constant {error}", f"Give a constant that fits a field of type {field.data_type}."
        return
    if value is None and field.mandatory:
        yield "the constant is empty, and every person needs this field", "Give a constant that is not empty."
