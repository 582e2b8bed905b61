"""The fields of each object type: read, add, find."""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.builtin import BUILTIN
from mapper.fields.choices import options_of, put_options
from mapper.fields.soundness import sound
from mapper.fields.values import is_storable
from mapper.tables import FIELDS
from shared.api.fields import DataType, FieldIn, FieldOut
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, Invalid
from shared.events.records import RecordType
from shared.rules.fold import fold_text

RESERVED = {"id", "revision"}


class FieldExists(Conflict):
    """A field with this key or label exists already."""

    code = "field_exists"


class UnknownField(Invalid):
    """A field is named that the object type does not have."""

    code = "unknown_field"


async def fields_of(session: AsyncSession, object_type: RecordType) -> dict[str, FieldOut]:
    """Return the object type's fields by key, built-in ones first."""
    mine = select(FIELDS).where(FIELDS.c.object_type == object_type).order_by(FIELDS.c.created_at, FIELDS.c.key)
    rows = (await session.execute(mine)).all()
    options = await options_of(session, object_type) if any(row.dropdown for row in rows) else {}
    custom = (
        FieldOut(
            object_type=object_type,
            key=row.key,
            label=row.label,
            data_type=row.data_type,
            unique=row.is_unique,
            mandatory=row.mandatory,
            history=row.history,
            editable=row.editable,
            builtin=False,
            dropdown=row.dropdown,
            options=options.get(row.key, []),
            default=row.default_value,
            help=row.help,
            max_length=row.max_length,
            whole=row.whole,
        )
        for row in rows
    )
    return {field.key: field for field in (*BUILTIN[object_type], *custom)}


def untold_of(fields: dict[str, FieldOut]) -> frozenset[str]:
    """Return the fields that are kept out of history."""
    return frozenset(key for key, field in fields.items() if not field.history)


def defaults_of(fields: dict[str, FieldOut]) -> dict[str, Any]:
    """Return what a new record has where nothing is said."""
    return {key: field.default for key, field in fields.items() if field.default is not None}


def types_of(fields: dict[str, FieldOut]) -> dict[str, DataType]:
    """Return the type of each field."""
    return {key: field.data_type for key, field in fields.items()}


async def add_field(session: AsyncSession, given: FieldIn) -> FieldOut:
    """Add a custom field. Raises `FieldExists`, `BadField`, `Invalid`."""
    key = given.key or key_from(given.label)
    known = await fields_of(session, given.object_type)
    taken = next((field for field in known.values() if field.key == key or fold_text(field.label) == fold_text(given.label)), None)
    if taken is not None or key in RESERVED:
        raise _exists(taken.label if taken else key, given.object_type)
    if not is_storable(given.label):
        fields = [{"field": "label", "message": "holds characters that cannot be stored"}]
        raise Invalid("the label cannot be stored", remedy="Choose another label.", fields=fields)
    field = sound(FieldOut(**given.model_dump(exclude={"key"}), key=key, builtin=False))
    added = insert_for(session, FIELDS).values({**row_of(field), "revision": 1, "created_at": now()}).on_conflict_do_nothing()
    if (await session.execute(added.returning(FIELDS.c.key))).first() is None:
        raise _exists(given.label, given.object_type)
    await put_options(session, field)
    return field


def row_of(field: FieldOut) -> dict[str, Any]:
    """Return a field as it is stored, without its options."""
    row = field.model_dump(exclude={"unique", "default", "builtin", "options", "as_set"})
    return {**row, "is_unique": field.unique, "default_value": field.default}


def _exists(name: str, object_type: RecordType) -> FieldExists:
    fields = [{"field": "label", "message": "is taken"}]
    return FieldExists(f"a field {name!r} exists already on {object_type}", remedy="Choose another label and key.", fields=fields)


def key_from(label: str) -> str:
    """Return the key of a label: lower-case ASCII words joined by underscores. Raises `Invalid` when nothing is left."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:63].rstrip("_")
    if not re.match(r"^[a-z]", key):
        raise Invalid(
            f"no key can be made of the label {label!r}",
            remedy="Give the field a key of its own: lower-case letters, digits and underscores.",
            fields=[{"field": "key", "message": "is needed"}],
        )
    return key


def require_known(keys: Iterable[str], known: dict[str, FieldOut], *, place: str) -> None:
    """Raise `UnknownField` naming every key that is not a field, with the nearest that is."""
    problems = []
    for key in keys:
        if key in known:
            continue
        near = difflib.get_close_matches(key, known, n=1)
        problems.append({"field": f"{place}.{key}", "message": "no such field" + (f"; did you mean {near[0]}?" if near else "")})
    if problems:
        names = ", ".join(str(problem["field"]) for problem in problems)
        raise UnknownField(f"these fields do not exist: {names}", remedy="Use an existing field, or add it first.", fields=problems)
