"""Schedules as stored and shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.integrations.integrations import stored_integration
from connector.integrations.states import require_kept
from connector.schedules.checking import checked
from connector.schedules.timing import Schedule
from connector.scope import Parts
from connector.tables import SCHEDULES
from shared.api.schedules import DailyTiming, ScheduleIn, ScheduleKind, ScheduleOut
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, NotFound

SHOWN = 5
USUAL = ScheduleIn(timing=DailyTiming(at="02:00"), jitter_minutes=60)
"""What an integration has from its launch on: every night, not all at the same minute."""


class NotSchedulable(Conflict):
    """What the integration reads changes only when somebody uploads it."""

    code = "not_schedulable"


class ScheduleNotFound(NotFound):
    """The integration has no schedule of this kind."""

    code = "schedule_not_found"


async def put_schedule(session: AsyncSession, integration_id: UUID, kind: ScheduleKind, given: ScheduleIn) -> ScheduleOut:
    """Store a schedule in place of the one there was. Raises `IntegrationNotFound`, `WrongState`, and `Invalid` naming the field."""
    require_kept((await stored_integration(session, integration_id)).row)
    values = _values(integration_id, kind, given)
    changed = {name: values[name] for name in ("given", "anchor", "next_due", "enabled")}
    statement = insert_for(session, SCHEDULES).values(values).on_conflict_do_update(index_elements=["integration_id", "kind"], set_=changed)
    return shown((await session.execute(statement.returning(SCHEDULES))).one())


async def require_schedulable(parts: Parts, session: AsyncSession, integration_id: UUID) -> None:
    """Raise `NotSchedulable` when the integration reads uploaded files."""
    row = (await stored_integration(session, integration_id)).row
    if parts.providers.get(row.provider).manifest.uploads:
        remedy = "Upload a file, then ask for a run with POST /integrations/{integration_id}/runs."
        raise NotSchedulable(f"{row.name!r} reads a file: by itself it would read the same one again", remedy=remedy)


async def add_usual(session: AsyncSession, integration_id: UUID) -> None:
    """Store the usual schedule for full runs, unless there is one."""
    values = _values(integration_id, "full", USUAL)
    await session.execute(insert_for(session, SCHEDULES).values(values).on_conflict_do_nothing())


async def copy_schedules(session: AsyncSession, from_id: UUID, to_id: UUID) -> None:
    """Store one integration's schedules for another one, too; their times are counted from now on."""
    for schedule in await list_schedules(session, from_id):
        given = schedule.model_dump(include=set(ScheduleIn.model_fields))
        await put_schedule(session, to_id, schedule.kind, ScheduleIn.model_validate(given))


async def list_schedules(session: AsyncSession, integration_id: UUID) -> list[ScheduleOut]:
    """Return an integration's schedules. Raises `IntegrationNotFound`."""
    await stored_integration(session, integration_id)
    mine = select(SCHEDULES).where(SCHEDULES.c.integration_id == integration_id).order_by(SCHEDULES.c.kind)
    return [shown(row) for row in await session.execute(mine)]


async def remove_schedule(session: AsyncSession, integration_id: UUID, kind: ScheduleKind) -> None:
    """Delete a schedule. Raises `IntegrationNotFound`, `ScheduleNotFound`."""
    await stored_integration(session, integration_id)
    mine = delete(SCHEDULES).where(SCHEDULES.c.integration_id == integration_id, SCHEDULES.c.kind == kind)
    if (await session.execute(mine.returning(SCHEDULES.c.kind))).first() is None:
        raise ScheduleNotFound(f"the integration has no schedule for {kind} runs", remedy="List its schedules to see those there are.")


def schedule_of(row: Row[Any]) -> Schedule:
    """Return a stored schedule."""
    return Schedule.of(ScheduleIn.model_validate(row.given), row.integration_id, row.kind, row.anchor)


def shown(row: Row[Any]) -> ScheduleOut:
    """Return a schedule as the API shows it."""
    return ScheduleOut(
        integration_id=row.integration_id,
        kind=row.kind,
        **ScheduleIn.model_validate(row.given).model_dump(),
        next_due=_coming(row),
        last_due=row.last_due,
        last_run_id=row.last_run_id,
        skipped=row.skipped,
    )


def _coming(row: Row[Any]) -> list[datetime]:
    if row.next_due is None or not row.enabled:
        return []
    return [row.next_due, *schedule_of(row).some_after(max(row.next_due, now()), SHOWN - 1)]


def _values(integration_id: UUID, kind: ScheduleKind, given: ScheduleIn) -> dict[str, Any]:
    moment = now()
    return {
        "integration_id": integration_id,
        "kind": kind,
        "given": given.model_dump(mode="json"),
        "anchor": moment,
        "next_due": checked(given, integration_id, kind, moment).next_after(moment),
        "enabled": given.enabled,
    }
