"""What the gateway asks the connector about schedules."""

from uuid import UUID

from api_gateway.clients.internal import InternalClient
from shared.api.schedules import ScheduleIn, ScheduleKind, ScheduleOut
from shared.http.paging import Page


class SchedulesClient(InternalClient):
    """When integrations run by themselves."""

    audience = "connector"

    async def of_integration(self, integration_id: UUID, *, actor: str) -> Page[ScheduleOut]:
        """Return an integration's schedules."""
        return await self.get(Page[ScheduleOut], f"/internal/integrations/{integration_id}/schedules", actor=actor)

    async def put(self, integration_id: UUID, kind: ScheduleKind, given: ScheduleIn, *, actor: str) -> ScheduleOut:
        """Store a schedule in place of the one there was."""
        return await self.ask(ScheduleOut, "PUT", f"/internal/integrations/{integration_id}/schedules/{kind}", actor=actor, body=given)

    async def remove(self, integration_id: UUID, kind: ScheduleKind, *, actor: str) -> None:
        """Delete a schedule."""
        await self.call("DELETE", f"/internal/integrations/{integration_id}/schedules/{kind}", actor=actor)
