"""Records that an undo removed, and that the source shows again: they come quietly, or undoing a first load would start a flood."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.pages.planning import Candidate
from mapper.records.loading import portions
from mapper.tables import UNMADE
from shared.db.upsert import insert_for


async def hushed(session: AsyncSession, integration_id: UUID, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates, those quiet whose records an undo removed."""
    known = await _known(session, integration_id, [candidate.source_id for candidate in candidates])
    return [replace(candidate, quiet=True) if candidate.source_id in known else candidate for candidate in candidates]


async def unmake(session: AsyncSession, integration_id: UUID, undo_id: UUID, source_ids: Iterable[str]) -> None:
    """Note whose records were removed."""
    rows = [{"source_id": one, "integration_id": integration_id, "undo_id": undo_id} for one in source_ids]
    if rows:
        await session.execute(insert_for(session, UNMADE).on_conflict_do_nothing(), rows)


async def made(session: AsyncSession, integration_id: UUID, source_ids: Sequence[str]) -> None:
    """Forget those whose records are there again: from now on they are like all others."""
    for portion in portions(await _known(session, integration_id, source_ids)):
        await session.execute(delete(UNMADE).where(UNMADE.c.source_id.in_(portion), UNMADE.c.integration_id == integration_id))


async def _known(session: AsyncSession, integration_id: UUID, source_ids: Sequence[str]) -> set[str]:
    # Nearly always there is none: to ask for that costs less than to look for a page's ids.
    if not source_ids or not await session.scalar(select(exists().where(UNMADE.c.integration_id == integration_id))):
        return set()
    found: set[str] = set()
    for portion in portions(source_ids):
        theirs = (UNMADE.c.source_id.in_(portion), UNMADE.c.integration_id == integration_id)
        found |= set(await session.scalars(select(UNMADE.c.source_id).where(*theirs)))
    return found
