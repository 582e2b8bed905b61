"""How far runs are, how fast they go, and how long they still take."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.runs.phases import PROVING
from connector.tables import RUN_PAGES, RUN_SUSPECTS
from shared.api.runs import RunProgress
from shared.clock import now

WINDOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Questions:
    """Whom a run asks for one by one: how many they are, how many were asked for, and how many a second over the last minute."""

    to_ask: int
    asked: int
    a_second: float


@dataclass(frozen=True, slots=True)
class Speed:
    """Records a second, over the last minute or since the run began; and the questions of a run that asks them."""

    read: float = 0.0
    applied: float = 0.0
    questions: Questions | None = None


async def speeds(session: AsyncSession, rows: Sequence[Row[Any]]) -> dict[UUID, Speed]:
    """Return how fast those of these runs go that have begun and not ended, in as many statements for many as for one."""
    moment = now()
    begun = {row.id: row.started_at for row in rows if row.started_at is not None and row.ended_at is None}
    if not begun:
        return {}
    pages, since = RUN_PAGES.c, moment - WINDOW
    read = func.sum(case((pages.committed_at >= since, pages.records), else_=0))
    applied = func.sum(case((pages.applied_at >= since, pages.records), else_=0))
    lately = (pages.run_id.in_(begun), or_(pages.committed_at >= since, pages.applied_at >= since))
    statement = select(pages.run_id, read.label("read"), applied.label("applied")).where(*lately).group_by(pages.run_id)
    found = {
        row.run_id: Speed(float(row.read) / _seconds(begun[row.run_id], moment), float(row.applied) / _seconds(begun[row.run_id], moment))
        for row in await session.execute(statement)
    }
    asking = await _questions(session, {row.id: row.applying_since for row in rows if row.phase == PROVING}, moment)
    return found | {run_id: replace(found.get(run_id, Speed()), questions=questions) for run_id, questions in asking.items()}


async def _questions(session: AsyncSession, since: dict[UUID, datetime], moment: datetime) -> dict[UUID, Questions]:
    if not since:
        return {}
    suspects = RUN_SUSPECTS.c
    lately = func.sum(case((suspects.asked_at >= moment - WINDOW, 1), else_=0))
    counts = (func.count().label("to_ask"), func.count(suspects.finding).label("asked"), lately.label("lately"))
    rows = await session.execute(select(suspects.run_id, *counts).where(suspects.run_id.in_(since)).group_by(suspects.run_id))
    return {row.run_id: Questions(row.to_ask, row.asked, row.lately / _seconds(since[row.run_id], moment)) for row in rows}


def progress_of(row: Row[Any], accounted: int, speed: Speed | None) -> RunProgress:
    """Return how far a run is whose pages were applied as far as `accounted` records."""
    is_reading = row.state == "running"
    rate = None if speed is None else speed.read if is_reading else speed.applied
    whole = row.total if is_reading else row.fetched
    left = None if whole is None or not rate else max(0, whole - (row.fetched if is_reading else accounted)) / rate
    questions = None if speed is None else speed.questions
    if questions is not None:
        left = (questions.to_ask - questions.asked) / questions.a_second if questions.a_second else None
    return RunProgress(
        pages=row.pages,
        pages_applied=row.pages_applied,
        records=row.fetched,
        total=row.total,
        records_per_second=None if rate is None else round(rate, 1),
        to_ask=None if questions is None else questions.to_ask,
        asked=None if questions is None else questions.asked,
        questions_per_second=None if questions is None else round(questions.a_second, 1),
        seconds_left=None if left is None else round(left, 1),
    )


def _seconds(began: datetime, moment: datetime) -> float:
    return min(WINDOW, max(moment - began, timedelta(seconds=1))).total_seconds()
