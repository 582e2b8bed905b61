"""Cancelling a run: at once for whoever asks, within a page for whoever works on it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from connector.runs.books import end, settle
from connector.runs.log import log_state
from connector.runs.phases import ABSENCE, LISTING, PROVING, QUEUED, SETTLING, SUSPECTING, WAITING
from connector.runs.runs import RunNotFound, read_run
from connector.tables import RUNS
from shared.api.runs import RunOut
from shared.clock import now
from shared.errors import Conflict
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)


class RunNotCancellable(Conflict):
    """The run has ended, or has nothing left to do that could be left undone."""

    code = "run_not_cancellable"


async def cancel_run(unit: Unit, run_id: UUID) -> RunOut:
    """Let the run read and ask no further. What it has told is applied and counted all the same; it says of nobody that they are absent.

    A run that was cancelled already stays so. Raises `RunNotFound`, `RunNotCancellable`.
    """
    row = (await unit.session.execute(select(RUNS).where(RUNS.c.id == run_id).with_for_update())).first()
    if row is None:
        raise RunNotFound(f"there is no run {run_id}", remedy="List the integration's runs to see those there are.")
    if row.cancel_requested_at is None:
        await _stop(unit, row)
    return await read_run(unit.session, run_id)


async def _stop(unit: Unit, row: Row[Any]) -> None:
    if row.ended_at is not None:
        raise RunNotCancellable(f"the run has ended: {row.state}", remedy="There is nothing to cancel.")
    if row.phase not in {QUEUED, LISTING, SUSPECTING, PROVING, WAITING}:
        what = "told who is absent already" if row.phase == ABSENCE else "read everything already"
        raise RunNotCancellable(f"the run has {what}, and ends by itself", remedy="Wait for its end.")
    moment = now()
    # A higher fence shuts the worker out: the page that it is reading is not written any more.
    values = {
        "cancel_requested_at": moment,
        "cancel_requested_by": unit.actor[:200],
        "fence": RUNS.c.fence + 1,
        "lease_until": None,
        "phase": SETTLING,
        "state": "applying",
        "applying_since": moment,
    }
    stopped = (await unit.session.execute(update(RUNS).where(RUNS.c.id == row.id).values(values).returning(RUNS))).one()
    await log_state(unit.session, row.id, "cancelling", by=unit.actor[:200], pages=row.pages)
    log.info("run_cancelled", run_id=str(row.id), phase=row.phase, pages=row.pages)
    if stopped.pages_applied == stopped.pages:
        await end(unit, stopped, "cancelled")
    else:
        await settle(unit, row.id)
