"""Working at forecasts, a step at a time: for a moment by whoever asks, then by a worker; also at those of a process that died."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from mapper.forecasts.asking import ask, read_forecast
from mapper.forecasts.counting import count_some
from mapper.forecasts.matching import ask_some
from mapper.scope import Parts
from mapper.tables import FORECASTS
from shared.api.forecasts import ForecastIn, ForecastOut
from shared.errors import AppError
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)

AT_ONCE = 5.0
"""Seconds for which whoever asks waits: forecasts over some thousand records are made by then."""
LOOK_EVERY = 60.0


async def begin_forecast(parts: Parts, integration_id: UUID, given: ForecastIn, *, complete: bool, actor: str) -> ForecastOut:
    """Ask for a forecast and work at it for a moment; the worker goes on. Raises what saving the mapping would raise."""
    forecast_id = await parts.units.do(lambda unit: ask(unit, integration_id, given, complete=complete), actor=actor)
    enough = monotonic() + AT_ONCE
    more = True
    try:
        while more and monotonic() < enough:
            more = await _step(parts, forecast_id, actor)
    finally:
        if more:
            parts.forecast_asked.set()
    async with parts.database.reading() as session:
        return await read_forecast(session, integration_id, forecast_id)


@asynccontextmanager
async def forecasting(parts: Parts) -> AsyncIterator[None]:
    """Work at forecasts inside the block: at once when one is left."""
    stop = asyncio.Event()
    working = asyncio.create_task(_work(parts, stop), name="forecasting")
    try:
        yield
    finally:
        stop.set()
        parts.forecast_asked.set()
        await working


async def _work(parts: Parts, stop: asyncio.Event) -> None:
    while not stop.is_set():
        parts.forecast_asked.clear()
        await _work_off(parts, stop)
        with suppress(TimeoutError):
            await asyncio.wait_for(parts.forecast_asked.wait(), timeout=LOOK_EVERY)


async def _work_off(parts: Parts, stop: asyncio.Event) -> None:
    """Work at each forecast that is left. One that cannot go on now, since another service is down, keeps no other waiting."""
    try:
        async with parts.database.reading() as session:
            left = (await session.execute(select(FORECASTS.c.id, FORECASTS.c.asked_by).where(FORECASTS.c.state != "done"))).all()
    except (DBAPIError, OSError) as error:
        log.warning("forecasts_not_read", error=type(error).__name__)
        return
    for row in left:
        try:
            while not stop.is_set() and await _step(parts, row.id, row.asked_by):
                pass
        except (DBAPIError, OSError, AppError) as error:
            log.warning("forecast_step_failed", forecast_id=str(row.id), error=type(error).__name__)


async def _step(parts: Parts, forecast_id: UUID, actor: str) -> bool:
    """Do one step; return whether more is left for this worker."""

    async def count(unit: Unit) -> bool:
        mine = select(FORECASTS).where(FORECASTS.c.id == forecast_id, FORECASTS.c.state == "counting")
        row = (await unit.session.execute(mine.with_for_update(skip_locked=True))).one_or_none()
        if row is None:
            return False
        await count_some(unit, row)
        return True

    if await parts.units.do(count, actor=actor):
        return True
    async with parts.database.reading() as session:
        row = (await session.execute(select(FORECASTS).where(FORECASTS.c.id == forecast_id))).one_or_none()
    if row is None or row.state != "asking":
        return False
    await ask_some(parts, row, actor)
    return True
