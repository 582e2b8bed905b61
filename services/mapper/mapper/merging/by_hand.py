"""Hand edits that are kept of whoever goes: their fields are not their sources' again when both are two."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.records.many import put
from mapper.tables import KEPT_BY_HAND


@dataclass(frozen=True, slots=True)
class Mark:
    """A field that a hand wrote, and no source may."""

    record_id: str
    key: str
    record_type: str
    value: Any
    by: str
    at: str

    def kept(self) -> dict[str, Any]:
        """Return the mark as a merge keeps it."""
        return asdict(self)


async def marks_of(session: AsyncSession, record_ids: Iterable[UUID]) -> list[Mark]:
    """Return what hands wrote of these records."""
    rows = await session.execute(select(KEPT_BY_HAND).where(KEPT_BY_HAND.c.record_id.in_(list(record_ids))))
    return [Mark(str(row.record_id), row.key, row.record_type, row.value, row.by, row.at.isoformat()) for row in rows]


async def put_marks_back(session: AsyncSession, kept: Iterable[Mapping[str, Any]]) -> None:
    """Let fields be those of hands again, of records that are there again."""
    rows = [{**mark, "record_id": UUID(mark["record_id"]), "at": datetime.fromisoformat(mark["at"])} for mark in kept]
    await put(session, KEPT_BY_HAND, rows)
