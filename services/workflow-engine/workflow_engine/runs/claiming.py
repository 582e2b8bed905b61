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
from workflow_engine.blocks.base import Work
from workflow_engine.tables import RUNS, STEPS


@dataclass(frozen=True, slots=True)
class Claim:
    """Steps of one block of one version that a worker holds."""

    id: UUID
    version_id: UUID
    block_id: str
    works: Sequence[Work]


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
    free = select(STEPS.c.id).where(of_block, _free()).order_by(STEPS.c.due_at, STEPS.c.id).limit(limit).with_for_update(skip_locked=True)
    ids = list(await session.scalars(free))
    if not ids:
        return None
    claim_id, moment = new_id(), now()
    taken = update(STEPS).where(STEPS.c.id.in_(ids))
    statement = taken.values(
        state="running",
        attempt=STEPS.c.attempt + 1,
        claim_id=claim_id,
        lease_until=moment + lease,
        started_at=func.coalesce(STEPS.c.started_at, literal(moment, Timestamp)),
    )
    rows = (await session.execute(statement.returning(STEPS.c.id, STEPS.c.run_id, STEPS.c.attempt, STEPS.c.evidence))).all()
    records = await _records(session, [row.run_id for row in rows])
    return Claim(claim_id, version_id, block_id, [Work(row.id, row.run_id, records[row.run_id], row.attempt, row.evidence) for row in rows])


async def _records(session: AsyncSession, run_ids: list[UUID]) -> dict[UUID, UUID]:
    rows = await session.execute(select(RUNS.c.id, RUNS.c.record_id).where(RUNS.c.id.in_(run_ids)))
    return {row.id: row.record_id for row in rows}


async def extend(session: AsyncSession, claim_id: UUID, lease: timedelta) -> int:
    """Give a sign of life; return how many steps the claim still holds."""
    mine = update(STEPS).where(STEPS.c.claim_id == claim_id, STEPS.c.state == "running")
    rows = await session.execute(mine.values(lease_until=now() + lease).returning(STEPS.c.id))
    return len(rows.all())


async def give_back(session: AsyncSession, claim_id: UUID) -> None:
    """Let another worker take what this claim holds at once."""
    mine = update(STEPS).where(STEPS.c.claim_id == claim_id, STEPS.c.state == "running")
    await session.execute(mine.values(state="ready", claim_id=None, lease_until=None, due_at=now()))


async def still_mine(session: AsyncSession, claim_id: UUID) -> dict[UUID, Row[Any]]:
    """Return the steps that the claim holds, locked until the transaction ends."""
    mine = select(STEPS).where(STEPS.c.claim_id == claim_id, STEPS.c.state == "running").order_by(STEPS.c.id).with_for_update()
    return {row.id: row for row in await session.execute(mine)}
