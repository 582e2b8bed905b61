"""Records that an undo removed, and that the source shows again: they come quietly, or undoing a first load would start a flood."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.pages.candidates import Candidate
from mapper.records.many import among
from mapper.tables import UNMADE
from shared.db.upsert import insert_for


async def hushed(session: AsyncSession, integration_id: UUID, pages: Sequence[list[Candidate]]) -> list[list[Candidate]]:
    """Return the candidates of each page, those quiet whose records an undo removed."""
    known = await _known(session, integration_id, [candidate.source_id for page in pages for candidate in page])
    return [[replace(one, quiet=True) if one.source_id in known else one for one in page] for page in pages]


async def unmake(session: AsyncSession, integration_id: UUID, undo_id: UUID, source_ids: Iterable[str]) -> None:
    """Note whose records were removed."""
    rows = [{"source_id": one, "integration_id": integration_id, "undo_id": undo_id} for one in source_ids]
    if rows:
        await session.execute(insert_for(session, UNMADE).on_conflict_do_nothing(), rows)


async def made(session: AsyncSession, integration_id: UUID, source_ids: Sequence[str]) -> None:
    """Forget those whose records are there again: from now on they are like all others."""
    if known := await _known(session, integration_id, source_ids):
        await session.execute(delete(UNMADE).where(*_theirs(session, integration_id)), {"source_ids": list(known)})


async def _known(session: AsyncSession, integration_id: UUID, source_ids: Sequence[str]) -> set[str]:
    # Nearly always there is none: to ask for that costs less than to look for a page's ids.
    if not source_ids or not await session.scalar(select(exists().where(UNMADE.c.integration_id == integration_id))):
        return set()
    theirs = select(UNMADE.c.source_id).where(*_theirs(session, integration_id))
    return set(await session.scalars(theirs, {"source_ids": list(source_ids)}))


def _theirs(session: AsyncSession, integration_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (among(session, UNMADE.c.source_id, "source_ids"), UNMADE.c.integration_id == integration_id)
