"""Runs that wait for approval and get none: they end by themselves, so that their integration runs again."""

from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select

from connector.notices.saying import say_approval_expired
from connector.runs.cancelling import cancel_run
from connector.runs.log import log_state
from connector.runs.phases import WAITING
from connector.runs.rewrites import RunNotWaiting, waiting_run
from connector.runs.runs import RunNotFound
from connector.tables import RUNS
from shared.clock import now
from shared.observability.logging import get_logger
from shared.unit import Units

log = get_logger(__name__)

ACTOR = "approval-expiry"
AT_ONCE = 100


async def reject_expired(units: Units, after: timedelta) -> int:
    """Reject every run that has waited longer, as somebody would, and tell of it; return how many. Whoever decides first is heeded."""
    async with units.database.reading() as session:
        waiting = select(RUNS.c.id).where(RUNS.c.ended_at.is_(None), RUNS.c.phase == WAITING, RUNS.c.applying_since < now() - after)
        expired = list(await session.scalars(waiting.order_by(RUNS.c.applying_since).limit(AT_ONCE)))
    for run_id in expired:
        with suppress(RunNotWaiting, RunNotFound):
            async with units.begin(actor=ACTOR) as unit:
                row = await waiting_run(unit, run_id)
                await log_state(unit.session, run_id, "approval_expired", after_days=after / timedelta(days=1))
                await cancel_run(unit, run_id)
                await say_approval_expired(unit.session, row, after)
            log.warning("run_approval_expired", run_id=str(run_id), after_days=after / timedelta(days=1))
    return len(expired)
