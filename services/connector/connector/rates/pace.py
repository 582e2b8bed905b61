"""How fast the last run of an integration went where no limit held it: reading, checking and storing a page, all together."""

from datetime import datetime
from itertools import pairwise
from statistics import median
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.tables import RUN_PAGES, RUNS

FIRST_PAGES = 150
"""Pages that fit into a burst."""
ENOUGH = 5


async def seconds_a_page(session: AsyncSession, integration_id: UUID) -> float | None:
    """Return the seconds from one page to the next, as the last full run shows them; None when none has read enough."""
    last = (
        select(RUNS.c.id)
        .where(RUNS.c.integration_id == integration_id, RUNS.c.kind == "full", RUNS.c.applying_since.is_not(None))
        .order_by(RUNS.c.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    pages = select(RUN_PAGES.c.committed_at).where(
        RUN_PAGES.c.run_id == last, RUN_PAGES.c.kind == "listing", RUN_PAGES.c.committed_at.is_not(None)
    )
    moments: list[datetime] = [*await session.scalars(pages.order_by(RUN_PAGES.c.page).limit(FIRST_PAGES))]
    if len(moments) < ENOUGH:
        return None
    return median((after - before).total_seconds() for before, after in pairwise(moments))
