"""Changing a custom field: its options, and whether it is unique, which what is stored must bear out."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, cast, delete, func, insert, literal, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.choices import put_options
from mapper.fields.fields import FieldExists, fields_of, row_of
from mapper.fields.soundness import BadField, sound
from mapper.fields.values import LONGEST_KEY, unique_key
from mapper.matching.defining import SYNC_KEYS
from mapper.matching.keys import fields_of_key
from mapper.records.changing import TABLES
from mapper.records.listing import folded
from mapper.records.many import put
from mapper.tables import FIELDS, MAPPING_VERSIONS, UNIQUE_VALUES
from shared.api.fields import FieldOut, FieldPatch
from shared.api.sync_keys import AnySyncKey
from shared.errors import Conflict, NotFound
from shared.events.records import RecordType
from shared.rules.fold import fold_text

AT_ONCE = 5_000
MOST_SHOWN = 20
MOST_RECORDS = 5
MAY_BE_EMPTY = {"dropdown", "default", "help", "max_length"}


class FieldNotFound(NotFound):
    """The object type has no field with this key."""

    code = "field_not_found"


class FieldBuiltIn(Conflict):
    """Every installation has this field as it is."""

    code = "field_built_in"


class ValuesNotUnique(Conflict):
    """Records share values of a field that should be unique; `fields` shows the first of them, `values` counts them all."""

    code, title = "values_not_unique", "Values are shared"


class FieldIsSyncKey(Conflict):
    """Integrations find their records by this field, so it stays unique."""

    code = "field_is_sync_key"


async def change_field(session: AsyncSession, object_type: RecordType, key: str, given: FieldPatch) -> FieldOut:
    """Change a custom field. Raises `FieldNotFound`, `FieldBuiltIn`, `BadField`, `ValuesNotUnique`, `FieldIsSyncKey`, `FieldExists`."""
    known = await fields_of(session, object_type)
    before = known.get(key)
    if before is None:
        raise FieldNotFound(f"there is no field {key!r} on {object_type}", remedy="List the fields to see those there are.")
    if before.builtin:
        problem = {"field": "key", "message": "names a field that is built in"}
        raise FieldBuiltIn(f"{key} is built in", remedy="Add a field of your own where you need other options.", fields=[problem])
    changes = given.model_dump(exclude_unset=True)
    if empty := [{"field": name, "message": "cannot be emptied"} for name in changes if changes[name] is None and name not in MAY_BE_EMPTY]:
        raise BadField("an option that every field has cannot be emptied", remedy="Leave it out, or give a value.", fields=empty)
    after = sound(before.model_copy(update=changes))
    if any(fold_text(field.label) == fold_text(after.label) for field in known.values() if field.key != key):
        fields = [{"field": "label", "message": "is taken"}]
        raise FieldExists(f"a field {after.label!r} exists already on {object_type}", remedy="Choose another label.", fields=fields)
    if after.unique and not before.unique:
        await _make_unique(session, after)
    elif before.unique and not after.unique:
        await _make_shared(session, after)
    theirs = (FIELDS.c.object_type == object_type, FIELDS.c.key == key)
    await session.execute(update(FIELDS).where(*theirs).values({**row_of(after), "revision": FIELDS.c.revision + 1}))
    if after.options != before.options:
        await put_options(session, after)
    return after


async def _make_unique(session: AsyncSession, field: FieldOut) -> None:
    """Claim the values that records have, while nobody writes records. Raises `ValuesNotUnique`."""
    table = TABLES[field.object_type]
    if session.get_bind().dialect.name == "postgresql":
        # Whoever is writing ends first, and whoever comes later sees a unique field before anything of theirs counts (records.unique).
        await session.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))
    await _require_distinct(session, field)
    await _claim(session, field, await _claim_short(session, field))


async def _claim_short(session: AsyncSession, field: FieldOut) -> ColumnElement[bool]:
    """Claim in one statement what is compared as it was folded; return whose values are left: long ones, and numbers."""
    table, value = TABLES[field.object_type], folded(session, field.object_type, field.key)
    if field.data_type == "number":
        return value.is_not(None)
    is_postgres = session.get_bind().dialect.name == "postgresql"
    size = func.octet_length(value) if is_postgres else func.length(cast(value, LargeBinary))
    # The first character says what was folded.
    short = size <= LONGEST_KEY + 1
    claims = select(func.substr(value, 2), literal(field.key), literal(field.object_type), table.c.id).where(value.is_not(None), short)
    columns = ["value", "field", "object_type", "record_id"]
    await session.execute(insert(UNIQUE_VALUES).from_select(columns, claims))
    return value.is_not(None) & ~short


async def _claim(session: AsyncSession, field: FieldOut, whose: ColumnElement[bool]) -> None:
    """Claim the values of these records, some thousand at once. Raises `ValuesNotUnique`."""
    table = TABLES[field.object_type]
    value = table.c.fields[field.key].label("value")
    some = select(table.c.id, value).where(whose).order_by(table.c.id).limit(AT_ONCE)
    rows = (await session.execute(some)).all()
    while rows:
        claims = [
            {"value": unique_key(row.value), "field": field.key, "object_type": field.object_type, "record_id": row.id} for row in rows
        ]
        try:
            await put(session, UNIQUE_VALUES, claims)
        except IntegrityError as error:
            # Numbers that are written differently are one value to rules, and may be so to nobody else: the database has the last word.
            raise ValuesNotUnique(f"records share values of {field.key}", remedy="Give each record a value of its own.") from error
        rows = (await session.execute(some.where(table.c.id > rows[-1].id))).all()


async def _require_distinct(session: AsyncSession, field: FieldOut) -> None:
    table, value = TABLES[field.object_type], folded(session, field.object_type, field.key)
    # Grouped outside: the same expression, given twice with parameters, would be two.
    held = select(value.label("value"), table.c.id).where(value.is_not(None)).subquery()
    shared = select(held.c.value, func.count().label("records")).group_by(held.c.value).having(func.count() > 1)
    total, records = (await session.execute(select(func.count(), func.sum(shared.subquery().c.records)))).one()
    if not total:
        return
    first = (await session.execute(shared.order_by(func.count().desc(), held.c.value).limit(MOST_SHOWN))).all()
    fields: list[dict[str, Any]] = []
    for row in first:
        some = select(table.c.id, table.c.fields[field.key].label("value")).where(value == row.value).order_by(table.c.id)
        holders = (await session.execute(some.limit(MOST_RECORDS))).all()
        fields.append(
            {
                "field": field.key,
                "message": f"{row.records} records have the value {holders[0].value!r}",
                "value": holders[0].value,
                "records": row.records,
                "record_ids": [str(holder.id) for holder in holders],
            }
        )
    raise ValuesNotUnique(
        f"{total} values of {field.key} are shared by {records} records",
        remedy="Give each of these records a value of its own, or none, then make the field unique.",
        fields=fields,
        values=total,
        records=int(records),
    )


async def _make_shared(session: AsyncSession, field: FieldOut) -> None:
    """Let go of the claims. Raises `FieldIsSyncKey`."""
    newest = select(MAPPING_VERSIONS.c.integration_id, func.max(MAPPING_VERSIONS.c.version).label("version"))
    newest = newest.where(MAPPING_VERSIONS.c.object_type == field.object_type).group_by(MAPPING_VERSIONS.c.integration_id)
    last = newest.subquery()
    same = (MAPPING_VERSIONS.c.integration_id == last.c.integration_id) & (MAPPING_VERSIONS.c.version == last.c.version)
    rows = await session.execute(select(MAPPING_VERSIONS.c.integration_id, MAPPING_VERSIONS.c.sync_keys).join(last, same))
    users = [str(row.integration_id) for row in rows if _finds_alone(field.key, SYNC_KEYS.validate_python(row.sync_keys))]
    if users:
        message = f"{len(users)} integrations find their records by {field.key}"
        raise FieldIsSyncKey(message, remedy="Choose other sync keys in their mappings first.", integrations=users[:MOST_SHOWN])
    theirs = (UNIQUE_VALUES.c.object_type == field.object_type, UNIQUE_VALUES.c.field == field.key)
    await session.execute(delete(UNIQUE_VALUES).where(*theirs))


def _finds_alone(key: str, sync_keys: Sequence[AnySyncKey]) -> bool:
    """Return whether a field is a sync key by itself: only then it must be unique."""
    return any(fields_of_key(one) == (key,) for one in sync_keys)
