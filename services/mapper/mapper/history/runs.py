"""What runs wrote with, and between which revisions: noted with each page, so that nobody has to look through all of history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.tables import APPLIED_RUNS, REVISIONS
from shared.clock import now
from shared.db.upsert import insert_for
from shared.events.sources import Provenance

NEWEST = select(func.coalesce(func.max(REVISIONS.c.position), 0)).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Wrote:
    """Where the revisions of a run are: behind `first`, up to and with `last`."""

    integration_id: UUID
    integration_name: str
    began_at: datetime
    first: int
    last: int


async def note_began(session: AsyncSession, provenance: Provenance, mapping_version: int) -> None:
    """Note that a run is about to write with a version of the mapping; 0 where none is at work. A second time changes nothing."""
    row = {
        "run_id": provenance.run_id,
        "mapping_version": mapping_version,
        "integration_id": provenance.integration_id,
        "integration_name": provenance.integration_name,
        "provider": provenance.provider,
        "first_at": now(),
        "first_position": NEWEST,
        "last_position": NEWEST,
    }
    await session.execute(insert_for(session, APPLIED_RUNS).values(**row).on_conflict_do_nothing())


async def note_wrote(session: AsyncSession, run_id: UUID) -> None:
    """Note that everything a run has written so far stands at or before the newest revision."""
    await session.execute(update(APPLIED_RUNS).where(APPLIED_RUNS.c.run_id == run_id).values(last_position=NEWEST))


async def wrote(session: AsyncSession, run_id: UUID) -> Wrote | None:
    """Return where a run's revisions are; None when it changed nothing."""
    rows = (await session.execute(select(APPLIED_RUNS).where(APPLIED_RUNS.c.run_id == run_id))).all()
    if not rows:
        return None
    return Wrote(
        integration_id=rows[0].integration_id,
        integration_name=rows[0].integration_name,
        began_at=min(row.first_at for row in rows),
        first=min(row.first_position for row in rows),
        last=max(row.last_position for row in rows),
    )


async def applied_with(session: AsyncSession, run_id: UUID, at: datetime) -> Row[Any] | None:
    """Return what a run wrote with at a moment: the newest version that it had begun with by then."""
    table = APPLIED_RUNS.c
    newest = select(APPLIED_RUNS).where(table.run_id == run_id, table.first_at <= at).order_by(table.first_at.desc()).limit(1)
    return (await session.execute(newest)).one_or_none()
