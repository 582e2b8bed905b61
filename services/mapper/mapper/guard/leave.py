"""Leave: what a workflow or somebody asks for before anything is destroyed at the source, where nothing can be taken back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.guard.limits import Limits
from mapper.guard.losses import Loss, enter
from mapper.guard.ruling import rule_on
from mapper.guard.scopes import instance, locked
from mapper.records.loading import portions
from mapper.tables import LINKS, LOSSES, SAAS_USERS, WITHHELD
from shared.api.guard import LeaveAnswer, LeaveAsk, LeaveGiven, SourceLeaveIn, SourceLeaveOut
from shared.clock import now
from shared.unit import Unit

DISCARDED = "this deletion was withheld by the guard, and discarded"
HELD = "too many losses within the guard's limit; this deletion is withheld"
REMEDY = "Look at the withheld losses: release this one, then run the workflow again."


async def ask(unit: Unit, limits: Limits, asks: Sequence[LeaveAsk]) -> list[LeaveAnswer]:
    """Answer each ask whose SaaS user is there. The same key is answered alike, however often it asks, and is counted once.

    A leave counts as a loss from the moment it is given: what becomes of the step, nobody knows in time.
    """
    rows = await _saas_users(unit.session, [one.record_id for one in asks])
    losses = [_loss(one, rows[one.record_id]) for one in asks if one.record_id in rows]
    await locked(unit.session, {loss.scope for loss in losses})
    given = await _given(unit.session, losses)
    asking = [loss for loss in losses if loss.key not in given]
    released = await _use_released(unit, limits, asking)
    discarded = await _discarded(unit.session, asking)
    open_asks = [loss for loss in asking if loss.key not in released | discarded]
    ruling = await rule_on(unit, limits, open_asks)
    await enter(unit.session, ruling.passed)
    allowed = given | released | {loss.key for loss in ruling.passed}
    return [_answer(loss.key, allowed=loss.key in allowed, discarded=loss.key in discarded) for loss in losses]


async def ask_by_source(unit: Unit, limits: Limits, given: SourceLeaveIn) -> SourceLeaveOut:
    """Answer for one user of a source, who may be several SaaS users here: all of them pass, or nothing is counted.

    Whom no record knows nobody loses here. What is withheld waits in the tray as any other, and is good for the next ask once released.
    """
    records = await _saas_users_of(unit.session, given.source_id, given.integration_ids)
    asks = [LeaveAsk(key=given.key, record_id=record_id, cause=given.cause) for record_id in records]
    answers = await ask(unit, limits, asks)
    leaves = [LeaveGiven(key=given.key, record_id=record_id) for record_id in records]
    withheld = next((answer for answer in answers if answer.outcome == "withheld"), None)
    if withheld is None:
        return SourceLeaveOut(outcome="allowed", leaves=leaves)
    await take_back(unit.session, leaves)
    return SourceLeaveOut(outcome="withheld", message=withheld.message)


async def take_back(session: AsyncSession, leaves: Sequence[LeaveGiven]) -> None:
    """Count no longer the leaves of steps that provably destroyed nothing; what is deleted by now stays counted."""
    given = {leave.record_id: leave for leave in leaves}
    rows = await _saas_users(session, list(given))
    alive = [record_id for record_id, row in rows.items() if not row.fields.get("deleted_in_source_at")]
    unused = (
        LOSSES.c.record_id.in_(alive),
        LOSSES.c.kind == "deleted_in_source",
        LOSSES.c.key.in_([given[record_id].key for record_id in alive]),
    )
    await session.execute(delete(LOSSES).where(*unused))


def _answer(key: str, *, allowed: bool, discarded: bool) -> LeaveAnswer:
    if allowed:
        return LeaveAnswer(key=key, outcome="allowed")
    if discarded:
        return LeaveAnswer(key=key, outcome="withheld", message=DISCARDED, remedy="If it is wanted after all, run the workflow again.")
    return LeaveAnswer(key=key, outcome="withheld", message=HELD, remedy=REMEDY)


async def _saas_users_of(session: AsyncSession, source_id: str, integration_ids: Sequence[UUID]) -> list[UUID]:
    """Return the SaaS users whom integrations know by an id; sources take ids in either case, and so do we."""
    forms = {source_id, source_id.lower(), source_id.upper()}
    found: set[UUID] = set()
    for portion in portions(integration_ids):
        theirs = (LINKS.c.source_id.in_(forms), LINKS.c.integration_id.in_(portion), LINKS.c.saas_user_id.is_not(None))
        found |= set(await session.scalars(select(LINKS.c.saas_user_id).where(*theirs)))
    return sorted(found)


async def _saas_users(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    found: dict[UUID, Row[Any]] = {}
    for portion in portions(set(ids)):
        rows = await session.execute(
            select(SAAS_USERS.c.id, SAAS_USERS.c.saas_instance_id, SAAS_USERS.c.fields).where(SAAS_USERS.c.id.in_(portion))
        )
        found |= {row.id: row for row in rows}
    return found


def _loss(one: LeaveAsk, row: Row[Any]) -> Loss:
    integration_id = row.fields.get("integration_id")
    return Loss(
        scope=instance(row.saas_instance_id),
        record_type="saas_user",
        record_id=one.record_id,
        kind=one.kind,
        key=one.key,
        cause=one.cause,
        integration_id=UUID(integration_id) if integration_id else None,
        source_id=row.fields.get("source_id"),
        rule=one.rule,
    )


async def _given(session: AsyncSession, losses: Sequence[Loss]) -> set[str]:
    """Return the keys that have their leave already."""
    of_them = (LOSSES.c.record_id.in_([loss.record_id for loss in losses]), LOSSES.c.key.in_([loss.key for loss in losses]))
    return set(await session.scalars(select(LOSSES.c.key).where(*of_them)))


async def _use_released(unit: Unit, limits: Limits, losses: Sequence[Loss]) -> set[str]:
    """Return the keys of those whose deletion somebody released lately; each release is good for one leave."""
    fresh = now() - limits.evidence
    usable = (
        WITHHELD.c.record_id.in_([loss.record_id for loss in losses]),
        WITHHELD.c.state == "released",
        WITHHELD.c.kind == "deleted_in_source",
        WITHHELD.c.used_at.is_(None),
        WITHHELD.c.decided_at > fresh,
    )
    rows = await unit.session.execute(select(WITHHELD.c.id, WITHHELD.c.record_id).where(*usable).order_by(WITHHELD.c.id))
    entries = {row.record_id: row.id for row in rows}
    using = {loss.record_id: loss for loss in losses if loss.record_id in entries}
    if using:
        used = WITHHELD.c.id.in_([entries[record_id] for record_id in using])
        await unit.session.execute(update(WITHHELD).where(used).values(used_at=now()))
        await enter(unit.session, using.values(), released=True)
    return {loss.key for loss in using.values()}


async def _discarded(session: AsyncSession, losses: Sequence[Loss]) -> set[str]:
    """Return the keys whose own deletion was discarded: who asks anew is weighed anew, the same step is not."""
    keys = [loss.key for loss in losses]
    said_no = or_(WITHHELD.c.state == "discarded", WITHHELD.c.state == "moot")
    of_them = (WITHHELD.c.record_id.in_([loss.record_id for loss in losses]), WITHHELD.c.key.in_(keys), said_no)
    return set(await session.scalars(select(WITHHELD.c.key).where(*of_them)))
