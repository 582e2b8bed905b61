"""Routes of the schedules."""

from uuid import UUID

from fastapi import APIRouter

from connector.schedules.schedules import list_schedules, put_schedule, remove_schedule, require_schedulable
from connector.scope import InParts, InReading, InRequest
from shared.api.schedules import ScheduleIn, ScheduleKind, ScheduleOut
from shared.http.paging import Page

router = APIRouter(prefix="/integrations/{integration_id}/schedules", tags=["schedules"])


@router.get("")
async def list_all(integration_id: UUID, session: InReading) -> Page[ScheduleOut]:
    """Return an integration's schedules."""
    return Page(items=await list_schedules(session, integration_id))


@router.put("/{kind}")
async def put(integration_id: UUID, kind: ScheduleKind, given: ScheduleIn, unit: InRequest, parts: InParts) -> ScheduleOut:
    """Store a schedule in place of the one there was."""
    await require_schedulable(parts, unit.session, integration_id)
    return await put_schedule(unit.session, integration_id, kind, given)


@router.delete("/{kind}", status_code=204)
async def remove(integration_id: UUID, kind: ScheduleKind, unit: InRequest) -> None:
    """Delete a schedule: runs of this kind begin when somebody asks."""
    await remove_schedule(unit.session, integration_id, kind)
