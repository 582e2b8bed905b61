"""How long plans are kept: raw records of people must not lie about, and a plan is soon out of date."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from sqlalchemy import delete, exists, select, tuple_
from sqlalchemy.exc import DBAPIError

from mapper.tables import PLAN_CLAIMS, PLAN_ITEMS, PLANS
from shared.clock import now
from shared.observability.logging import get_logger
from shared.unit import Units

log = get_logger(__name__)

LOOK_EVERY = 3600.0
AT_ONCE = 2_000
"""Rows in one transaction."""
MOST_ROUNDS = 500
"""Transactions in one look; the next one goes on."""


@asynccontextmanager
async def tidied(units: Units, kept: timedelta) -> AsyncIterator[None]:
    """Look every hour inside the block."""
    stop = asyncio.Event()
    looking = asyncio.create_task(_look(units, kept, stop), name="plan-retention")
    try:
        yield
    finally:
        stop.set()
        await looking


async def remove_old(units: Units, kept: timedelta) -> int:
    """Remove what old plans hold, then the plans; return how many rows went."""
    removed = 0
    for _ in range(MOST_ROUNDS):
        gone = await _one_round(units, kept)
        removed += gone
        if gone == 0:
            break
    return removed


async def _one_round(units: Units, kept: timedelta) -> int:
    old = select(PLANS.c.run_id).where(PLANS.c.planned_at < now() - kept)
    async with units.begin() as unit:
        for table in (PLAN_ITEMS, PLAN_CLAIMS):
            key = list(table.primary_key.columns)
            some = select(*key).where(table.c.run_id.in_(old)).limit(AT_ONCE)
            gone = (await unit.session.execute(delete(table).where(tuple_(*key).in_(some)).returning(table.c.run_id))).all()
            if gone:
                return len(gone)
        emptied = ~exists().where(PLAN_ITEMS.c.run_id == PLANS.c.run_id)
        some = old.where(emptied).limit(AT_ONCE)
        return len((await unit.session.execute(delete(PLANS).where(PLANS.c.run_id.in_(some)).returning(PLANS.c.run_id))).all())


async def _look(units: Units, kept: timedelta, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            removed = await remove_old(units, kept)
            if removed:
                log.info("old_plans_removed", rows=removed)
        except (DBAPIError, OSError) as error:
            log.warning("old_plans_not_removed", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=LOOK_EVERY)
