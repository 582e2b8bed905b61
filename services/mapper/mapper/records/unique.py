"""Unique values: who holds which, kept by the database."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.values import unique_key
from mapper.records.changing import Draft
from mapper.records.loading import portions
from mapper.records.many import given, put
from mapper.tables import FIELDS, UNIQUE_VALUES
from shared.errors import Conflict
from shared.events.records import RecordType

Claim = tuple[str, str]
"""A field and the comparable form of its value."""


class ValueTaken(Conflict):
    """Another record has this value of a unique field."""

    code = "value_taken"


class ValueJustTaken(ValueTaken):
    """Another transaction took the value after this one had looked: whoever looks again sees it."""

    retryable = True


def claims_of(fields: Mapping[str, Any], unique: Iterable[str]) -> list[Claim]:
    """Return the unique values in `fields`."""
    return [(key, unique_key(value)) for key in unique if (value := fields.get(key)) is not None and value != ""]


async def holders(session: AsyncSession, record_type: RecordType, claims: Iterable[Claim]) -> dict[Claim, UUID]:
    """Return who holds each of these values, in one statement."""
    wanted = sorted(set(claims))
    if not wanted:
        return {}
    table, asked = UNIQUE_VALUES, given(session, wanted, "field", "value")
    # A subquery for each value, and neither `IN` nor a join: PostgreSQL then looks each one up by its key, whatever it thinks of the
    # table's size. While a first load fills it there are no statistics, and reading all of it for each page takes most of the time.
    same = and_(table.c.value == asked.c.value, table.c.field == asked.c.field, table.c.object_type == record_type)
    holder = select(table.c.record_id).where(same).scalar_subquery()
    rows = await session.execute(select(asked.c.field, asked.c.value, holder))
    return {(field, value): record_id for field, value, record_id in rows if record_id is not None}


async def _require_no_newer(session: AsyncSession, record_type: RecordType, drafts: Sequence[Draft], unique: Sequence[str]) -> None:
    """Raise `ValueJustTaken` when a field that was written became unique after its writer had looked.

    The records are written by now, so whoever makes the field unique has either ended before, and is seen here, or waits for us.
    """
    theirs = select(FIELDS.c.key).where(FIELDS.c.object_type == record_type, FIELDS.c.is_unique)
    newer = set(await session.scalars(theirs)).difference(unique)
    if newer and any(not newer.isdisjoint(draft.changes) or not newer.isdisjoint(draft.quiet) for draft in drafts):
        raise ValueJustTaken(f"a field of {record_type} became unique just now", remedy="Try again.")


async def rewrite(session: AsyncSession, record_type: RecordType, drafts: Sequence[Draft], unique: Sequence[str]) -> None:
    """Let the unique values of written drafts be those of their fields. Raises `ValueJustTaken` when another came first."""
    await _require_no_newer(session, record_type, drafts, unique)
    changed = [draft for draft in drafts if any(key in draft.changes or key in draft.quiet for key in unique)]
    table = UNIQUE_VALUES
    for portion in portions([draft.id for draft in changed if not draft.is_new]):
        of_them = (table.c.record_id.in_(portion), table.c.field.in_(list(unique)))
        await session.execute(delete(table).where(table.c.object_type == record_type, *of_them))
    claimed = sorted((claim, draft.id) for draft in changed for claim in claims_of(draft.fields, unique))
    rows = [{"value": value, "field": key, "object_type": record_type, "record_id": record_id} for (key, value), record_id in claimed]
    try:
        await put(session, table, rows)
    except IntegrityError as error:
        raise ValueJustTaken(f"another {record_type} took one of these values just now", remedy="Try again.") from error
