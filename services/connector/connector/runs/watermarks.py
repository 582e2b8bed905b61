"""Where quick runs begin: at the moment, on the source's clock, at which a run that was read to its end began."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.tables import RUNS
from shared.errors import Conflict

LOADED = ("completed", "completed_with_errors", "empty")
"""How a run ends that was read to its end."""
LOADING = ("full", "apply")
"""Kinds of runs that can be an integration's first load."""


class FullRunNeeded(Conflict):
    """There is no completed run that a quick one could begin at."""

    code = "full_run_needed"


async def last_watermark(session: AsyncSession, integration_id: UUID, name: str) -> datetime:
    """Return from when on a quick run must read. Raises `FullRunNeeded`.

    A full run may have missed somebody new: a removal moves everybody behind it up, perhaps past the page that is read next. So the
    first quick run after it begins where a run of before would have begun.
    """
    before = (RUNS.c.integration_id == integration_id, RUNS.c.mode == "apply", RUNS.c.state.in_(LOADED))
    statement = select(RUNS.c.kind, RUNS.c.watermark).where(*before, RUNS.c.kind.in_(("full", "quick")), RUNS.c.watermark.is_not(None))
    latest = (await session.execute(statement.order_by(RUNS.c.created_at.desc()).limit(2))).all()
    if not latest:
        raise FullRunNeeded(
            f"{name!r} has no completed full run whose time its source told",
            remedy="Run it in full first; a source that cannot tell who changed lately is always read in full.",
        )
    begin: datetime = latest[-1 if latest[0].kind == "full" else 0].watermark
    return begin
