"""Schedules: when an integration runs by itself."""

from uuid import UUID

from fastapi import APIRouter

from api_gateway.api.v1.routing import subject
from api_gateway.scope import InAccount, InParts
from shared.api.schedules import ScheduleIn, ScheduleKind, ScheduleOut
from shared.http.paging import Page

schedules: APIRouter = subject("/integrations/{integration_id}/schedules", "schedules")


@schedules.get("")
async def list_schedules(integration_id: UUID, parts: InParts, account: InAccount) -> Page[ScheduleOut]:
    """Return an integration's schedules, each with the next moments at which it is due."""
    return await parts.schedules.of_integration(integration_id, actor=account.name)


@schedules.put("/{kind}")
async def put_schedule(integration_id: UUID, kind: ScheduleKind, given: ScheduleIn, parts: InParts, account: InAccount) -> ScheduleOut:
    """Store a schedule for full or quick runs, in place of the one there was."""
    return await parts.schedules.put(integration_id, kind, given, actor=account.name)


@schedules.delete("/{kind}", status_code=204)
async def remove_schedule(integration_id: UUID, kind: ScheduleKind, parts: InParts, account: InAccount) -> None:
    """Delete a schedule: runs of this kind begin when somebody asks."""
    await parts.schedules.remove(integration_id, kind, actor=account.name)
