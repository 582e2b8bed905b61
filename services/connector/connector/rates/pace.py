"""What the last full run of an integration tells of the next: how fast its pages came, and whom the next one will ask for again."""

from datetime import datetime
from itertools import pairwise
from statistics import median
from uuid import UUID

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.tables import RUN_PAGES, RUN_SUSPECTS, RUNS

FIRST_PAGES = 150
"""Pages that fit into a burst."""
ENOUGH = 5


async def seconds_a_page(session: AsyncSession, integration_id: UUID) -> float | None:
    """Return the seconds from one page to the next, as the last full run shows them; None when none has read enough."""
    pages = select(RUN_PAGES.c.committed_at).where(
        RUN_PAGES.c.run_id == _last(integration_id), RUN_PAGES.c.kind == "listing", RUN_PAGES.c.committed_at.is_not(None)
    )
    moments: list[datetime] = [*await session.scalars(pages.order_by(RUN_PAGES.c.page).limit(FIRST_PAGES))]
    if len(moments) < ENOUGH:
        return None
    return median((after - before).total_seconds() for before, after in pairwise(moments))


async def asked_again(session: AsyncSession, integration_id: UUID) -> int:
    """Return how many the last full run asked for in vain: withheld by the guard, or without a clear answer. The next one asks again."""
    last = _last(integration_id, written=True)
    withheld = await session.scalar(select(RUNS.c.withheld_losses).where(RUNS.c.id == last))
    unclear = select(func.count()).where(RUN_SUSPECTS.c.run_id == last, RUN_SUSPECTS.c.finding == "unclear")
    return (withheld or 0) + (await session.scalar(unclear) or 0)


def _last(integration_id: UUID, *, written: bool = False) -> ScalarSelect[UUID]:
    """Return the last full run that was read whole; with `written` one that was no plan, and has ended."""
    is_meant = [RUNS.c.integration_id == integration_id, RUNS.c.kind == "full", RUNS.c.applying_since.is_not(None)]
    if written:
        is_meant += [RUNS.c.mode == "apply", RUNS.c.ended_at.is_not(None)]
    return select(RUNS.c.id).where(*is_meant).order_by(RUNS.c.created_at.desc()).limit(1).scalar_subquery()
