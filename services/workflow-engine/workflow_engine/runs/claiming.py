"""Claiming steps: a worker owns a batch as long as its lease lasts and its claim is the one written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import now
from shared.db.types import Timestamp
from shared.ids import new_id
from workflow_engine.blocks.base import MAYBE_DONE, Work
from workflow_engine.tables import RUNS, STEPS


@dataclass(frozen=True, slots=True)
class Claim:
    """Steps of one block of one version that a worker holds."""

    id: UUID
    version_id: UUID
    block_id: str
    works: Sequence[Work]
    correlation_id: UUID | None
    """What all of the runs have in common, if they have."""


def _free() -> ColumnElement[bool]:
    """Return what makes a step free: it waits and is due, or its worker gave no sign of life."""
    moment = now()
    waiting = and_(STEPS.c.state == "ready", STEPS.c.due_at <= moment)
    return or_(waiting, and_(STEPS.c.state == "running", STEPS.c.lease_until < moment))


async def oldest_free(session: AsyncSession) -> Row[Any] | None:
    """Return version, block and block type of the step that has waited longest, or None."""
    columns: tuple[Any, ...] = (STEPS.c.version_id, STEPS.c.block_id, STEPS.c.block_type)
    statement = select(*columns).where(_free()).order_by(STEPS.c.due_at, STEPS.c.id).limit(1)
    return (await session.execute(statement)).first()


async def claim_batch(session: AsyncSession, version_id: UUID, block_id: str, *, limit: int, lease: timedelta) -> Claim | None:
    """Take up to `limit` free steps of one block of one version; None when others were faster."""
    of_block = and_(STEPS.c.version_id == version_id, STEPS.c.block_id == block_id)
    free = (
        select(STEPS.c.id, STEPS.c.state)
        .where(of_block, _free())
        .order_by(STEPS.c.due_at, STEPS.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    before = {row.id: row.state for row in await session.execute(free)}
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
    correlations = {run.correlation_id for run in runs.values()}
    works = [_work(row, runs[row.run_id].record_id, taken_over=before[row.id] == "running") for row in rows]
    return Claim(claim_id, version_id, block_id, works, correlations.pop() if len(correlations) == 1 else None)


def _work(row: Row[Any], record_id: UUID, *, taken_over: bool) -> Work:
    """Return a step to work on; one whose worker ended without a word may have acted already."""
    evidence = {**row.evidence, MAYBE_DONE: True} if taken_over else row.evidence
    return Work(row.id, row.run_id, record_id, row.attempt, evidence)


async def _runs(session: AsyncSession, run_ids: list[UUID]) -> dict[UUID, Row[Any]]:
    columns: tuple[Any, ...] = (RUNS.c.id, RUNS.c.record_id, RUNS.c.correlation_id)
    return {row.id: row for row in await session.execute(select(*columns).where(RUNS.c.id.in_(run_ids)))}


async def extend(session: AsyncSession, claim_id: UUID, lease: timedelta) -> int:
    """Give a sign of life; return how many steps the claim still holds."""
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
