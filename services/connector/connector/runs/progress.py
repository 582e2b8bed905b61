"""How far runs are, how fast they go, and how long they still take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.tables import RUN_PAGES
from shared.api.runs import RunProgress
from shared.clock import now

WINDOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Speed:
    """Records a second, over the last minute or since the run began."""

    read: float
    applied: float


async def speeds(session: AsyncSession, rows: Sequence[Row[Any]]) -> dict[UUID, Speed]:
    """Return how fast those of these runs go that have begun and not ended, in one statement."""
    moment = now()
    begun = {row.id: row.started_at for row in rows if row.started_at is not None and row.ended_at is None}
    if not begun:
        return {}
    pages, since = RUN_PAGES.c, moment - WINDOW
    read = func.sum(case((pages.committed_at >= since, pages.records), else_=0))
    applied = func.sum(case((pages.applied_at >= since, pages.records), else_=0))
    lately = (pages.run_id.in_(begun), or_(pages.committed_at >= since, pages.applied_at >= since))
    statement = select(pages.run_id, read.label("read"), applied.label("applied")).where(*lately).group_by(pages.run_id)
    return {
        row.run_id: Speed(float(row.read) / _seconds(begun[row.run_id], moment), float(row.applied) / _seconds(begun[row.run_id], moment))
        for row in await session.execute(statement)
    }


def progress_of(row: Row[Any], accounted: int, speed: Speed | None) -> RunProgress:
    """Return how far a run is whose pages were applied as far as `accounted` records."""
    is_reading = row.state == "running"
    rate = None if speed is None else speed.read if is_reading else speed.applied
    whole = row.total if is_reading else row.fetched
    left = None if whole is None or not rate else max(0, whole - (row.fetched if is_reading else accounted)) / rate
    return RunProgress(
        pages=row.pages,
        pages_applied=row.pages_applied,
        records=row.fetched,
        total=row.total,
        records_per_second=None if rate is None else round(rate, 1),
        seconds_left=None if left is None else round(left, 1),
    )


def _seconds(began: datetime, moment: datetime) -> float:
    return min(WINDOW, max(moment - began, timedelta(seconds=1))).total_seconds()
