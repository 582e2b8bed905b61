"""Runs that wait for an agent which does not come: they end by themselves, and so somebody is told."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, select

from connector.runs.books import end
from connector.runs.phases import FOR_WORKERS
from connector.tables import RUNS
from shared.clock import now
from shared.unit import Units

AT_ONCE = 100


async def end_silent(units: Units, patience: timedelta) -> None:
    """End runs as failed for which their agent has shown no sign of life for so long."""
    last_sign = func.coalesce(RUNS.c.lease_until, RUNS.c.started_at, RUNS.c.created_at)
    waiting = (RUNS.c.ended_at.is_(None), RUNS.c.agent.is_not(None), RUNS.c.phase.in_(FOR_WORKERS), last_sign < now() - patience)
    async with units.begin() as unit:
        for row in (await unit.session.execute(select(RUNS).where(*waiting).limit(AT_ONCE))).all():
            await end(unit, row, "failed", _silent(row, patience))


def _silent(row: Row[Any], patience: timedelta) -> dict[str, str]:
    return {
        "code": "agent_silent",
        "message": f"the agent {row.agent!r} did nothing for this run within {patience / timedelta(hours=1):g} hours",
        "remedy": "Look at the agent's log, and whether `rollcall agent check` reaches the gateway on its host; then run again.",
    }
