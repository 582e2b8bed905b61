"""Beginning what is due: whichever replica is the first to move a schedule on queues the run, in the same transaction."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, select, update
from sqlalchemy.exc import DBAPIError

from connector.quarantine.configured import limits_of
from connector.quarantine.quarantine import take_trial, trials_due
from connector.runs.runs import RunInProgress, request_run
from connector.schedules.schedules import schedule_of
from connector.tables import INTEGRATIONS, QUARANTINES, SCHEDULES
from shared.clock import now
from shared.errors import Conflict
from shared.observability.logging import get_logger
from shared.unit import Units

log = get_logger(__name__)

AT_ONCE = 50
ACTOR = "schedule"


async def begin_due(units: Units, moment: datetime) -> int:
    """Queue a run for everything that is due; return how many. What was missed is caught up once, not once for each time.

    Schedules of an integration in quarantine wait; when its pause is over it has one trial, in full.
    """
    async with units.database.reading() as session:
        quarantined = exists().where(QUARANTINES.c.integration_id == SCHEDULES.c.integration_id, QUARANTINES.c.since.is_not(None))
        due = (SCHEDULES.c.enabled, SCHEDULES.c.next_due <= moment, INTEGRATIONS.c.state == "active", ~quarantined)
        statement = select(SCHEDULES).join(INTEGRATIONS, INTEGRATIONS.c.id == SCHEDULES.c.integration_id).where(*due)
        rows = (await session.execute(statement.order_by(SCHEDULES.c.next_due).limit(AT_ONCE))).all()
        trials = await trials_due(session, moment, AT_ONCE)
    return sum([await _begin(units, row, moment) for row in rows]) + sum([await _try(units, row, moment) for row in trials])


async def _try(units: Units, row: Row[Any], moment: datetime) -> bool:
    """Queue the trial of an integration in quarantine."""
    async with units.begin(actor=ACTOR) as unit:
        if not await take_trial(unit.session, limits_of(units.parts), row, moment):
            return False
        with suppress(Conflict):
            await request_run(unit, row.integration_id)
            log.info("quarantine_trial", integration_id=str(row.integration_id), trials=row.trials)
            return True
    return False


async def _begin(units: Units, row: Row[Any], moment: datetime) -> bool:
    """Move the schedule on and queue its run; False when another replica was faster, or when no run could begin."""
    mine = (SCHEDULES.c.integration_id == row.integration_id, SCHEDULES.c.kind == row.kind)
    async with units.begin(actor=ACTOR) as unit:
        moved = update(SCHEDULES).where(*mine, SCHEDULES.c.next_due == row.next_due)
        values = {"next_due": schedule_of(row).next_after(moment), "last_due": row.next_due}
        if (await unit.session.execute(moved.values(values).returning(SCHEDULES.c.kind))).first() is None:
            return False
        run_id, skipped = None, None
        try:
            run_id = (await request_run(unit, row.integration_id, kind=row.kind)).id
        except RunInProgress as error:
            skipped = error.message
        except Conflict as error:
            skipped = f"{error.message}. {error.remedy or ''}".strip()
        noted = {"skipped": skipped, **({"last_run_id": run_id} if run_id else {})}
        await unit.session.execute(update(SCHEDULES).where(*mine).values(noted))
    log.info("schedule_due", integration_id=str(row.integration_id), kind=row.kind, due=row.next_due.isoformat(), skipped=skipped)
    return run_id is not None


class Ticker:
    """Looks every few seconds for what is due."""

    def __init__(self, units: Units, pause: float) -> None:
        self._units, self._pause = units, pause
        self._stop = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Ticker"]:
        """Look inside the block."""
        looking = asyncio.create_task(self._look(), name="schedules-ticker")
        try:
            yield self
        finally:
            self._stop.set()
            await asyncio.gather(looking, return_exceptions=True)

    async def _look(self) -> None:
        while not self._stop.is_set():
            try:
                await begin_due(self._units, now())
            except (DBAPIError, OSError) as error:
                log.warning("ticker_waits", error=type(error).__name__)
            except Exception:
                # The top of the loop: whatever one look met, the next one must come.
                log.exception("ticker_look_failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), timeout=self._pause)
