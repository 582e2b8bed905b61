"""Where quick runs begin: at the moment, on the source's clock, at which the last run that was read to its end began."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.tables import RUNS
from shared.errors import Conflict

LOADED = ("completed", "completed_with_errors", "empty")
"""How a run ends that was read to its end."""


class FullRunNeeded(Conflict):
    """There is no completed run that a quick one could begin at."""

    code = "full_run_needed"


async def last_watermark(session: AsyncSession, integration_id: UUID, name: str) -> datetime:
    """Return from when on a quick run must read. Raises `FullRunNeeded`."""
    before = (RUNS.c.integration_id == integration_id, RUNS.c.mode == "apply", RUNS.c.state.in_(LOADED))
    statement = select(RUNS.c.watermark).where(*before, RUNS.c.kind.in_(("full", "quick")), RUNS.c.watermark.is_not(None))
    found: datetime | None = await session.scalar(statement.order_by(RUNS.c.created_at.desc()).limit(1))
    if found is None:
        raise FullRunNeeded(
            f"{name!r} has no completed full run whose time its source told",
            remedy="Run it in full first; a source that cannot tell who changed lately is always read in full.",
        )
    return found
