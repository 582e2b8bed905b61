"""The budget of each scope, in the database: every replica takes its permits from the same row."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from prometheus_client import Counter, Histogram
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.rates.gate import ask
from connector.rates.lane import Asker, current_asker
from connector.rates.limits import Policy, Spent, accepted, refused
from connector.tables import RATE_BUDGETS
from shared.clock import now
from shared.db.upsert import insert_for
from shared.observability.logging import get_logger
from shared.unit import Units

log = get_logger(__name__)

BUCKETS = (0.01, 0.1, 0.5, 1, 2, 5, 15, 60, 300, 3600)
WAITED = Histogram("rollcall_rate_wait_seconds", "How long a request waited for its permit", ["lane"], buckets=BUCKETS)
THROTTLED = Counter("rollcall_rate_throttled", "Answers with which a source asked for fewer requests")
FORGIVEN_AFTER = 60.0
"""Seconds after a silence that ended."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What time it is, in seconds since the epoch, and how to let some pass."""

    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep


REAL_TIME = Timing()


class Rates:
    """Permits to ask a source. Under a policy without limits nothing is stored and nobody waits."""

    def __init__(self, units: Units, policy: Policy, timing: Timing = REAL_TIME) -> None:
        self._units, self._policy, self.timing = units, policy, timing
        self._limited = bool(policy.buckets or policy.windows)

    async def permit(self, scope: str) -> None:
        """Return when one more request may be sent to `scope`. Waits for as long as that takes; a cancelled waiter has spent nothing."""
        if not self._limited:
            return
        asker, since = current_asker(), self.timing.clock()
        while (nap := await self._ask(scope, asker)) > 0:
            await self.timing.sleep(nap)
        WAITED.labels(asker.lane).observe(self.timing.clock() - since)

    async def throttled(self, scope: str, retry_after: float | None) -> None:
        """Close the scope for every replica: the source has asked for silence."""
        THROTTLED.inc()
        if not self._limited:
            return
        async with self._units.begin() as unit:
            spent = await _locked(unit.session, scope)
            closed = refused(spent, self.timing.clock(), retry_after)
            await _store(unit.session, scope, closed)
        log.warning("source_throttled", scope=scope, seconds=round(closed.closed_until - self.timing.clock(), 1), in_a_row=closed.refusals)

    async def _ask(self, scope: str, asker: Asker) -> float:
        """Take a permit and return 0, or return in how many seconds to ask again."""
        async with self._units.begin() as unit:
            spent = await _locked(unit.session, scope)
            moment = self.timing.clock()
            # Refusals in a row are forgiven after a quiet minute.
            calm = accepted(spent) if moment - spent.closed_until > FORGIVEN_AFTER else spent
            nap, after = ask(self._policy, calm, moment, asker)
            await _store(unit.session, scope, after)
        return nap


async def spent_by_scope(session: AsyncSession) -> dict[str, Spent]:
    """Return what every scope has spent."""
    rows = await session.execute(select(RATE_BUDGETS.c.scope, RATE_BUDGETS.c.spent).order_by(RATE_BUDGETS.c.scope))
    return {scope: Spent.stored(spent) for scope, spent in rows}


async def _locked(session: AsyncSession, scope: str) -> Spent:
    """Return what the scope has spent; nobody else reads or changes it until the transaction ends."""
    mine = select(RATE_BUDGETS.c.spent).where(RATE_BUDGETS.c.scope == scope).with_for_update()
    stored = await session.scalar(mine)
    if stored is None:
        new = insert_for(session, RATE_BUDGETS).values(scope=scope, spent=Spent().as_json(), updated_at=now())
        await session.execute(new.on_conflict_do_nothing())
        stored = await session.scalar(mine)
    return Spent.stored(stored or {})


async def _store(session: AsyncSession, scope: str, spent: Spent) -> None:
    await session.execute(update(RATE_BUDGETS).where(RATE_BUDGETS.c.scope == scope).values(spent=spent.as_json(), updated_at=now()))
