"""What sync keys must be before a mapping is stored. Pure."""

import difflib
from collections.abc import Iterator, Sequence

from mapper.matching.keys import fields_of_key, kept_back
from shared.api.fields import FieldOut
from shared.api.mapped_from import FromExpression, FromSource, FromSyncTime, MappedFrom
from shared.api.mappings import MappingIn
from shared.api.sync_keys import AnySyncKey, KeyField, SyncKey
from shared.errors import Invalid

Problem = tuple[str, str, str]
"""The place, what is wrong there, and the remedy."""
OF_EACH_RECORD = (FromSource, FromExpression)


class BadSyncKey(Invalid):
    """A sync key finds nobody, or anybody: it is not unique, not mapped, or contradicts another one."""

    code = "bad_sync_key"


def require_sync_keys(given: MappingIn, known: dict[str, FieldOut]) -> None:
    """Raise `BadSyncKey` naming each place that is wrong. The fields must be known."""
    found = [problem for place, one in enumerate(given.sync_keys) for problem in _of_key(place, SyncKey.of(one), given, known)]
    problems = [{"field": place, "message": message, "remedy": remedy} for place, message, remedy in [*found, *_of_all(given)]]
    if problems:
        names = ", ".join(dict.fromkeys(problem["field"] for problem in problems))
        remedy = "A sync key is a mapped, unique field, or several mapped fields together."
        raise BadSyncKey(f"these sync keys cannot be used: {names}", remedy=remedy, fields=problems)


def _of_key(place: int, key: SyncKey, given: MappingIn, known: dict[str, FieldOut]) -> Iterator[Problem]:
    """Give what is wrong with one key: that of one field is named by it, as it is sent."""
    alone = len(key.fields) == 1
    names = [part.field for part in key.fields]
    for part in key.fields:
        where = f"sync_keys.{part.field}" if alone else f"sync_keys.{place}.{part.field}"
        if alone and not known[part.field].unique:
            yield where, *_not_unique(part.field, known)
        elif part.field not in given.targets:
            yield where, "is not mapped", f"Map {part.field} first."
        else:
            yield from ((where, message, remedy) for message, remedy in _of_part(part, known[part.field], given.targets[part.field]))
        if names.count(part.field) > 1:
            yield where, "stands twice in one key", "Name each field once."
    sources = [given.targets[name] for name in names if name in given.targets]
    if not alone and sources and not any(isinstance(one, OF_EACH_RECORD) for one in sources):
        yield f"sync_keys.{place}", "is the same for every record", "Add a field that each record has a value of its own in."


def _not_unique(key: str, known: dict[str, FieldOut]) -> tuple[str, str]:
    unique = [name for name, field in known.items() if field.unique]
    near = (difflib.get_close_matches(key, unique, n=1) or unique)[0]
    remedy = f"Choose a unique field ({', '.join(unique)}), or several fields together."
    return f"is not a unique field; did you mean {near}?", remedy


def _of_part(part: KeyField, field: FieldOut, source: MappedFrom) -> Iterator[tuple[str, str]]:
    if field.data_type == "text_list":
        yield "is a list, and finds nobody", "Choose a field with one value."
    if isinstance(source, FromSyncTime):
        yield "is another one with each run, and finds nobody", "Choose another field."
    if field.data_type != "text" and not part.is_plain:
        yield f"is of type {field.data_type}: there is no case, Unicode form or plus in it", "Leave out how it is compared."


def _of_all(given: MappingIn) -> Iterator[Problem]:
    """Give what is wrong with keys that contradict each other, or the rest of the mapping."""
    seen: list[Sequence[KeyField]] = []
    for place, one in enumerate(map(SyncKey.of, given.sync_keys)):
        # Fields in another order find the same records.
        fields = sorted(one.fields, key=lambda part: part.field)
        if fields in seen:
            yield f"sync_keys.{place}", "stands there twice", "Leave out one of both."
        seen.append(fields)
    back = kept_back(given.sync_keys)
    for field in sorted(back & _updated(given.sync_keys)):
        yield f"sync_keys.{field}", "is updated by one key and not by another", "Say the same of it in each key."
    for field in sorted(back.intersection(given.clears)):
        yield f"sync_keys.{field}", "is not updated, and a blank value shall empty it", "Take it out of clears, or let its key update it."


def _updated(keys: Sequence[AnySyncKey]) -> set[str]:
    return {field for one in keys if SyncKey.of(one).updates for field in fields_of_key(one)}
