"""What the last full run of an integration tells of the next: how fast its pages came, and whom the next one will ask for again."""

from datetime import datetime
from itertools import chain, groupby, pairwise
from statistics import median
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.tables import RUN_PAGES, RUN_SUSPECTS, RUNS

FIRST_PAGES = 150
"""Pages that fit into a burst."""
FEW = 10
"""Pages of which one that took long says more than their middle: what a run does once is part of what they take."""
STORING = 0.02
"""Seconds that storing a page takes at least where nothing was measured yet."""


async def seconds_a_page(session: AsyncSession, integration_id: UUID) -> float | None:
    """Return the seconds from one stored page to the next, as the last full run shows them; None when there is none."""
    run_id = await session.scalar(select(_last(RUNS.c.integration_id == integration_id)))
    return None if run_id is None else await _pace(session, run_id)


async def seconds_of_storing(session: AsyncSession) -> float:
    """Return what a page takes beside its request, as the last full run of any integration shows it."""
    run_id = await session.scalar(select(_last()))
    pace = None if run_id is None else await _pace(session, run_id)
    if pace is None:
        return STORING
    fetched = await session.scalar(select(func.avg(RUN_PAGES.c.fetch_ms)).where(RUN_PAGES.c.run_id == run_id, _is_listed()))
    return max(STORING, pace - float(fetched or 0) / 1000)


async def _pace(session: AsyncSession, run_id: UUID) -> float | None:
    """Pages that were ready together are stored together, in no time: what counts is how long each of several took."""
    began = await session.scalar(select(RUNS.c.started_at).where(RUNS.c.id == run_id))
    stored = select(RUN_PAGES.c.committed_at).where(RUN_PAGES.c.run_id == run_id, _is_listed(), RUN_PAGES.c.committed_at.is_not(None))
    moments: list[datetime] = [*await session.scalars(stored.order_by(RUN_PAGES.c.page).limit(FIRST_PAGES))]
    if not moments or began is None:
        return None
    if len(moments) < FEW:
        return max(0.0, float((moments[-1] - began).total_seconds())) / len(moments)
    batches = [(moment, len(list(same))) for moment, same in groupby(moments)]
    each = [[(after - before).total_seconds() / pages] * pages for (before, _), (after, pages) in pairwise([(began, 0), *batches])]
    return max(0.0, float(median(chain.from_iterable(each))))


def _is_listed() -> ColumnElement[bool]:
    return RUN_PAGES.c.kind == "listing"


async def asked_again(session: AsyncSession, integration_id: UUID) -> int:
    """Return how many the last full run asked for in vain: withheld by the guard, or without a clear answer. The next one asks again."""
    last = _last(RUNS.c.integration_id == integration_id, RUNS.c.mode == "apply", RUNS.c.ended_at.is_not(None))
    withheld = await session.scalar(select(RUNS.c.withheld_losses).where(RUNS.c.id == last))
    unclear = select(func.count()).where(RUN_SUSPECTS.c.run_id == last, RUN_SUSPECTS.c.finding == "unclear")
    return (withheld or 0) + (await session.scalar(unclear) or 0)


async def taken_before(session: AsyncSession, integration_id: UUID) -> tuple[int, int] | None:
    """Return how many records the last full run read, and with how many requests; None when there is none."""
    last = _last(RUNS.c.integration_id == integration_id, RUNS.c.ended_at.is_not(None))
    row = (await session.execute(select(RUNS.c.fetched, RUNS.c.requests).where(RUNS.c.id == last))).first()
    return None if row is None else (row.fetched, row.requests)


def _last(*meant: ColumnElement[bool]) -> ScalarSelect[UUID]:
    """Return the last full run that was read whole."""
    is_whole = (RUNS.c.kind == "full", RUNS.c.applying_since.is_not(None), RUNS.c.started_at.is_not(None))
    return select(RUNS.c.id).where(*is_whole, *meant).order_by(RUNS.c.created_at.desc()).limit(1).scalar_subquery()
