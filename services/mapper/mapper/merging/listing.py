"""Merges, shown: the newest first."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.merging.merging import shown_fields
from mapper.tables import MERGES
from shared.api.matching import MergeOut
from shared.errors import NotFound
from shared.http.paging import Page, encode_cursor, id_in

OF_MERGES = ("id", "kept_id", "merged_id", "state", "note", "at", "by", "unmerged_at", "unmerged_by")


class MergeNotFound(NotFound):
    """No merge has this id."""

    code = "merge_not_found"


async def row_of(session: AsyncSession, merge_id: UUID, *, lock: bool = False) -> Row[Any]:
    """Return a merge as it is stored. Raises `MergeNotFound`."""
    wanted = select(MERGES).where(MERGES.c.id == merge_id)
    row = (await session.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if row is None:
        raise MergeNotFound(f"there is no merge {merge_id}", remedy="List the merges.")
    return row


async def read_merge(session: AsyncSession, merge_id: UUID) -> MergeOut:
    """Return one merge. Raises `MergeNotFound`."""
    return _out(await row_of(session, merge_id))


async def list_merges(session: AsyncSession, *, person_id: UUID | None, cursor: str | None, limit: int) -> Page[MergeOut]:
    """Return merges, or those of one person. Raises `BadCursor`."""
    statement = select(MERGES).order_by(MERGES.c.id.desc()).limit(limit + 1)
    if person_id is not None:
        statement = statement.where(or_(MERGES.c.kept_id == person_id, MERGES.c.merged_id == person_id))
    if cursor is not None:
        statement = statement.where(MERGES.c.id < id_in(cursor))
    rows = (await session.execute(statement)).all()
    more = encode_cursor([str(rows[limit - 1].id)]) if len(rows) > limit else None
    return Page(items=[_out(row) for row in rows[:limit]], next_cursor=more)


def _out(row: Row[Any]) -> MergeOut:
    return MergeOut(**{name: getattr(row, name) for name in OF_MERGES}, fields=shown_fields(row.before))
