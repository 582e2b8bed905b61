"""Claiming steps: a worker owns a batch as long as its lease lasts and its claim is the one written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import now
from shared.db.types import Timestamp
from shared.events.records import RecordType
from shared.ids import new_id
from workflow_engine.blocks.base import MAYBE_DONE, Work
from workflow_engine.tables import RUNS, STEPS


@dataclass(frozen=True, slots=True)
class Claim:
    """Steps of one block of one version that a worker holds."""

    id: UUID
    version_id: UUID
    block_id: str
    record_type: RecordType
    works: Sequence[Work]

    @property
    def correlation_id(self) -> UUID | None:
        """What all of the runs have in common, if they have."""
        correlations = {work.correlation_id for work in self.works}
        return correlations.pop() if len(correlations) == 1 else None


def _free() -> Sequence[tuple[ColumnElement[bool], ColumnElement[datetime]]]:
    """Return what makes a step free, and since when: its worker gave no sign of life, or it waits and is due.

    Two conditions for two queries: one query with OR would sort every step that waits, for each batch anew.
    """
    moment = now()
    abandoned = and_(STEPS.c.state == "running", STEPS.c.lease_until < moment)
    waiting = and_(STEPS.c.state == "ready", STEPS.c.due_at <= moment)
    return (abandoned, STEPS.c.lease_until), (waiting, STEPS.c.due_at)


async def oldest_free(session: AsyncSession) -> Row[Any] | None:
    """Return version, block and block type of the step to take next, or None: abandoned ones first, then the oldest."""
    columns: tuple[Any, ...] = (STEPS.c.version_id, STEPS.c.block_id, STEPS.c.block_type)
    for free, since in _free():
        row = (await session.execute(select(*columns).where(free).order_by(since).limit(1))).first()
        if row is not None:
            return row
    return None


async def claim_batch(session: AsyncSession, version_id: UUID, block_id: str, *, limit: int, lease: timedelta) -> Claim | None:
    """Take up to `limit` free steps of one block of one version; None when others were faster."""
    before = await _locked(session, version_id, block_id, limit)
    if not before:
        return None
    claim_id, moment = new_id(), now()
    taken = update(STEPS).where(STEPS.c.id.in_(list(before)))
    statement = taken.values(
        state="running",
        attempt=STEPS.c.attempt + 1,
        claim_id=claim_id,
        lease_until=moment + lease,
        started_at=func.coalesce(STEPS.c.started_at, literal(moment, Timestamp)),
    )
    rows = (await session.execute(statement.returning(STEPS.c.id, STEPS.c.run_id, STEPS.c.attempt, STEPS.c.evidence))).all()
    runs = await _runs(session, [row.run_id for row in rows])
    works = [_work(row, runs[row.run_id], taken_over=before[row.id] == "running") for row in rows]
    return Claim(claim_id, version_id, block_id, runs[rows[0].run_id].record_type, works)


async def _locked(session: AsyncSession, version_id: UUID, block_id: str, limit: int) -> dict[UUID, str]:
    """Lock up to `limit` free steps that nobody else has locked; return the state of each by id."""
    of_block = and_(STEPS.c.version_id == version_id, STEPS.c.block_id == block_id)
    found: dict[UUID, str] = {}
    for free, since in _free():
        if len(found) < limit:
            statement = select(STEPS.c.id, STEPS.c.state).where(of_block, free).order_by(since).limit(limit - len(found))
            rows = await session.execute(statement.with_for_update(skip_locked=True))
            found |= {row.id: row.state for row in rows}
    return found


def _work(row: Row[Any], run: Row[Any], *, taken_over: bool) -> Work:
    """Return a step to work on; one whose worker ended without a word may have acted already."""
    evidence = {**row.evidence, MAYBE_DONE: True} if taken_over else row.evidence
    return Work(row.id, row.run_id, run.record_id, row.attempt, run.correlation_id, evidence)


async def _runs(session: AsyncSession, run_ids: list[UUID]) -> dict[UUID, Row[Any]]:
    columns: tuple[Any, ...] = (RUNS.c.id, RUNS.c.record_id, RUNS.c.record_type, RUNS.c.correlation_id)
    return {row.id: row for row in await session.execute(select(*columns).where(RUNS.c.id.in_(run_ids)))}


async def extend(session: AsyncSession, claim_id: UUID, lease: timedelta) -> int:
    """Give a sign of life; return how many steps the claim still holds."""
    # SQLite may keep a writer waiting: the lease counts from when it is written, not from when the wait began.
    await session.connection()
    mine = update(STEPS).where(STEPS.c.claim_id == claim_id, STEPS.c.state == "running")
    rows = await session.execute(mine.values(lease_until=now() + lease).returning(STEPS.c.id))
    return len(rows.all())


async def give_back(session: AsyncSession, claim_id: UUID) -> None:
    """Let another worker take over at once what this claim holds."""
    mine = update(STEPS).where(STEPS.c.claim_id == claim_id, STEPS.c.state == "running")
    await session.execute(mine.values(lease_until=now()))


async def still_mine(session: AsyncSession, claim_id: UUID) -> dict[UUID, Row[Any]]:
    """Return the steps that the claim holds, locked until the transaction ends."""
    mine = select(STEPS).where(STEPS.c.claim_id == claim_id, STEPS.c.state == "running").order_by(STEPS.c.id).with_for_update()
    return {row.id: row for row in await session.execute(mine)}
