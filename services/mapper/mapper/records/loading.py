"""Loading records that are about to change: locked, set by set, as drafts."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.records.changing import TABLES, Draft
from mapper.records.many import among
from shared.events.records import RecordType

T = TypeVar("T")

COMMON = {"id", "revision", "fields", "folded", "created_at", "updated_at"}
AT_ONCE = 5_000
"""Values that one statement looks for: a database takes no more than some 32,000 parameters."""


def portions(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """Give values in portions that one statement can take."""
    every = list(values)
    return (every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE))


async def drafts_of(session: AsyncSession, record_type: RecordType, ids: Iterable[UUID], *, lock: bool = True) -> dict[UUID, Draft]:
    """Return the records with these ids; ids that nobody has are left out. Locked until the transaction ends, unless only looked at."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    return await drafts_where(session, record_type, among(session, TABLES[record_type].c.id, "ids"), lock=lock, ids=wanted)


async def drafts_where(
    session: AsyncSession, record_type: RecordType, condition: ColumnElement[bool], *, lock: bool = True, **parameters: Any
) -> dict[UUID, Draft]:
    """Return the records that meet a condition, locked in the order of their ids."""
    table = TABLES[record_type]
    found = select(table).where(condition).order_by(table.c.id)
    rows = await session.execute(found.with_for_update() if lock else found, parameters)
    return {row.id: _draft(row) for row in rows}


def _draft(row: Row[Any]) -> Draft:
    columns = {str(name): value for name, value in row._mapping.items() if name not in COMMON}  # noqa: SLF001 - the public way to a row's names
    return Draft(id=row.id, revision=row.revision, fields=dict(row.fields), created_at=row.created_at, columns=columns)
