"""Sync keys made ready: what a record is looked for by, and what each key does in words. Pure."""

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from mapper.fields.values import is_storable, short_key, unique_key
from shared.api.mappings import MappedType
from shared.api.sync_keys import AnySyncKey, KeyField, SyncKey, SyncKeyOut
from shared.rules.fold import fold_text

KeyClaim = tuple[str, str]
"""The name of a key, and the comparable form of a record's values in it."""
OF_KEYS = "key:"
"""Begins the name of each key that is no plain unique field: no field is called so."""


@dataclass(frozen=True, slots=True)
class Key:
    """A sync key, ready for records."""

    name: str
    """Of a plain key its field, whose values are those of unique fields."""
    parts: tuple[KeyField, ...]

    @property
    def is_plain(self) -> bool:
        """Whether it is a unique field, compared as such."""
        return not self.name.startswith(OF_KEYS)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields, in their order."""
        return tuple(part.field for part in self.parts)

    def value_of(self, values: Mapping[str, Any]) -> str | None:
        """Return what these values are in this key; None unless all of them are filled."""
        found = [values.get(part.field) for part in self.parts]
        if any(one is None or one == "" for one in found):
            return None
        if self.is_plain:
            return unique_key(found[0])
        return short_key(orjson.dumps([_compared(str(one), part) for one, part in zip(found, self.parts, strict=True)]).decode())


def key_of(object_type: MappedType, given: AnySyncKey) -> Key:
    """Return a key, ready for records; the same comparison of the same fields has the same name in every mapping."""
    parts = tuple(SyncKey.of(given).fields)
    if len(parts) == 1 and parts[0].is_plain:
        return Key(parts[0].field, parts)
    said = orjson.dumps([object_type, [part.model_dump() for part in parts]], option=orjson.OPT_SORT_KEYS)
    return Key(OF_KEYS + hashlib.blake2b(said, digest_size=12).hexdigest(), parts)


def fields_of_key(given: AnySyncKey) -> tuple[str, ...]:
    """Return the fields of a key, in their order."""
    return tuple(part.field for part in SyncKey.of(given).fields)


def keys_of(object_type: MappedType, given: Sequence[AnySyncKey]) -> tuple[Key, ...]:
    """Return the keys of a mapping, the primary one first."""
    return tuple(key_of(object_type, one) for one in given)


def claims_in(keys: Sequence[Key], values: Mapping[str, Any]) -> tuple[KeyClaim, ...]:
    """Return what a record is looked for by: its value in each key of which all fields are filled."""
    return tuple((key.name, value) for key in keys if (value := key.value_of(values)) is not None)


def kept_back(given: Sequence[AnySyncKey]) -> frozenset[str]:
    """Return the fields that are written when a record is new, and left alone afterwards."""
    return frozenset(field for one in given if not SyncKey.of(one).updates for field in fields_of_key(one))


def in_words(object_type: MappedType, given: Sequence[AnySyncKey]) -> list[SyncKeyOut]:
    """Say what each key does."""
    return [_said(object_type, SyncKey.of(one), primary=place == 0) for place, one in enumerate(given)]


def _said(object_type: MappedType, key: SyncKey, *, primary: bool) -> SyncKeyOut:
    who = "people" if object_type == "person" else "assets"
    names = [part.field for part in key.fields]
    together = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} together, where all of them are filled"
    how = "".join(f"; {words}" for part in key.fields for words in _comparison(part))
    written = "is updated from the source" if key.updates else "is not updated from the source: written when a record is new, it stays"
    rank = "Primary" if primary else "Secondary"
    says = f"{rank} key: {together}{how}. This key finds {who}, and {written}."
    return SyncKeyOut(place="primary" if primary else "secondary", fields=names, updates=key.updates, says=says)


def _comparison(part: KeyField) -> Iterator[str]:
    if part.case == "kept":
        yield f"capital and small letters of {part.field} are told apart"
    if not part.nfkc:
        yield f"Unicode forms of {part.field} are told apart"
    if part.plus_addressing:
        yield f"what follows a plus in the address of {part.field} does not count"


def _compared(value: str, part: KeyField) -> str:
    if part.plus_addressing:
        local, at, domain = value.rpartition("@")
        value = f"{local.partition('+')[0] or local}{at}{domain}" if at else value
    if part.case == "ignored" and part.nfkc:
        return fold_text(value)
    if part.nfkc:
        value = unicodedata.normalize("NFKC", value)
    if part.case == "ignored":
        value = value.casefold()
    return value.strip() if is_storable(value) else fold_text(value)
