"""Who works on a run: a lease that must be renewed, and a fencing number that shuts out whoever lost it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from connector.runs.phases import FOR_WORKERS, PROVING
from connector.tables import RUN_SUSPECTS, RUNS
from shared.clock import now
from shared.errors import Conflict
from shared.observability.logging import get_logger
from shared.unit import Units

log = get_logger(__name__)


class LeaseLost(Conflict):
    """Another worker has taken the run over, or it has ended: what we were about to write is not written."""

    code = "lease_lost"


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that this worker owns as long as `fence` is the run's."""

    run_id: UUID
    fence: int
    lease: timedelta
    row: Row[Any]

    async def advance(self, session: AsyncSession, *, keep: bool = True, **values: Any) -> None:
        """Change the run; renew the lease, or give it back. Raises `LeaseLost` before anything else is written."""
        # SQLite may keep a writer waiting: the lease counts from when it is written, not from when the wait began.
        await session.connection()
        lease = now() + self.lease if keep else None
        statement = (
            update(RUNS)
            .where(RUNS.c.id == self.run_id, RUNS.c.fence == self.fence, RUNS.c.ended_at.is_(None))
            .values(**values, lease_until=lease)
            .returning(RUNS.c.id)
        )
        if (await session.execute(statement)).first() is None:
            raise lost(self.run_id)

    async def reread(self, session: AsyncSession) -> "Claim":
        """Return the claim with the run as it is now."""
        row = (await session.execute(select(RUNS).where(RUNS.c.id == self.run_id))).one()
        return replace(self, row=row)


async def waiting(session: AsyncSession, limit: int, without: Sequence[UUID], agent: str | None = None) -> list[Row[Any]]:
    """Return (id, fence) of the oldest runs that wait for a worker of ours, or for an agent.

    A run whose listing left nobody out needs no source any more: it is anybody's.
    """
    whose = or_(RUNS.c.agent.is_(None), _nobody_to_ask()) if agent is None else RUNS.c.agent == agent
    statement = select(RUNS.c.id, RUNS.c.fence).where(_free(now()), whose).order_by(RUNS.c.created_at).limit(limit)
    if without:
        statement = statement.where(RUNS.c.id.not_in(without))
    return [*(await session.execute(statement))]


async def claim(session: AsyncSession, run_id: UUID, fence: int, lease: timedelta) -> Claim | None:
    """Take a run that was seen with `fence`; None when another worker was faster."""
    await session.connection()
    moment = now()
    statement = (
        update(RUNS)
        .where(RUNS.c.id == run_id, RUNS.c.fence == fence, _free(moment))
        .values(fence=fence + 1, lease_until=moment + lease)
        .returning(RUNS)
    )
    row = (await session.execute(statement)).first()
    return None if row is None else Claim(run_id, fence + 1, lease, row)


@asynccontextmanager
async def kept_alive(units: Units, held: Claim) -> AsyncIterator[None]:
    """Renew the lease while the block works. Raises `LeaseLost` in the middle of it once the run is another's, or has ended."""
    try:
        async with asyncio.timeout(None) as limit:
            beat = asyncio.create_task(_beat(units, held, limit), name=f"lease-{held.run_id}")
            try:
                yield
            finally:
                beat.cancel()
                await asyncio.gather(beat, return_exceptions=True)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise lost(held.run_id) from error


async def give_back(units: Units, held: Claim) -> None:
    """Let another worker go on at once."""
    with suppress(LeaseLost, DBAPIError, OSError):
        async with units.begin() as unit:
            await held.advance(unit.session, keep=False)


async def _beat(units: Units, held: Claim, limit: asyncio.Timeout) -> None:
    while True:
        await asyncio.sleep(held.lease.total_seconds() / 3)
        try:
            async with units.begin() as unit:
                await held.advance(unit.session)
        except LeaseLost:
            # Whatever the worker waits for, a slow source above all: it is for nothing now.
            limit.reschedule(0)
            return
        except (DBAPIError, OSError) as error:
            log.warning("lease_not_renewed", run_id=str(held.run_id), error=type(error).__name__)


def lost(run_id: UUID) -> LeaseLost:
    """Return the error for whoever works on a run that is not theirs."""
    return LeaseLost(f"the run {run_id} belongs to another worker, or has ended", remedy="Ask for the next run that is due.")


def _nobody_to_ask() -> ColumnElement[bool]:
    left = exists().where(RUN_SUSPECTS.c.run_id == RUNS.c.id, RUN_SUSPECTS.c.finding.is_(None))
    return and_(RUNS.c.phase == PROVING, ~left)


def _free(moment: datetime) -> ColumnElement[bool]:
    unleased = or_(RUNS.c.lease_until.is_(None), RUNS.c.lease_until < moment)
    return and_(RUNS.c.ended_at.is_(None), RUNS.c.phase.in_(FOR_WORKERS), unleased)
