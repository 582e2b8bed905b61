"""Unique values: who holds which, kept by the database."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import and_, delete, insert, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.values import unique_key
from mapper.records.changing import Draft
from mapper.tables import UNIQUE_VALUES
from shared.events.records import RecordType

Claim = tuple[str, str]
"""A field and the comparable form of its value."""


def claims_of(fields: dict[str, object], unique: Sequence[str]) -> list[Claim]:
    """Return the unique values in `fields`."""
    return [(key, unique_key(fields[key])) for key in unique if fields.get(key) not in (None, "")]


async def holders(session: AsyncSession, record_type: RecordType, claims: Iterable[Claim]) -> dict[Claim, UUID]:
    """Return who holds each of these values, in one statement."""
    wanted: dict[str, list[str]] = {}
    for key, value in set(claims):
        wanted.setdefault(key, []).append(value)
    if not wanted:
        return {}
    table = UNIQUE_VALUES
    of_fields = or_(*(and_(table.c.field == key, table.c.value.in_(values)) for key, values in sorted(wanted.items())))
    rows = await session.execute(select(table).where(table.c.object_type == record_type, of_fields))
    return {(row.field, row.value): row.record_id for row in rows}


async def rewrite(session: AsyncSession, record_type: RecordType, drafts: Sequence[Draft], unique: Sequence[str]) -> None:
    """Let the unique values of changed drafts be those of their fields. The database refuses a value that another holds."""
    touched = [draft for draft in drafts if any(key in draft.changes for key in unique)]
    if not touched:
        return
    table = UNIQUE_VALUES
    given_up = [(draft.id, key) for draft in touched for key in unique if key in draft.changes and not draft.is_new]
    if given_up:
        await session.execute(
            delete(table).where(table.c.object_type == record_type, tuple_(table.c.record_id, table.c.field).in_(given_up)),
        )
    rows = [
        {"object_type": record_type, "field": key, "value": value, "record_id": draft.id}
        for draft in touched
        for key, value in claims_of(draft.fields, [key for key in unique if key in draft.changes])
    ]
    if rows:
        await session.execute(insert(table), rows)
