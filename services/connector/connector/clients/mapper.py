"""What the connector asks the mapper."""

from uuid import UUID

from shared.api.base import Gap
from shared.api.checks import CheckIn, CheckOut
from shared.api.forecasts import ForecastNeededIn
from shared.api.guard import LeaveBackIn, SourceLeaveIn, SourceLeaveOut
from shared.api.mappings import MappingIn, MappingOut, ReadinessOut
from shared.api.plans import PlanOut
from shared.api.software import SaasInstanceIn, SaasInstanceOut
from shared.events.sources import ObservedType
from shared.http.client import ServiceClient
from shared.http.paging import Page


class MapperClient(ServiceClient):
    """Mappings, SaaS instances, and leave to destroy."""

    audience = "mapper"

    async def missing_in_mapping(self, integration_id: UUID, describes: ObservedType, *, actor: str) -> list[Gap]:
        """Return what the integration's mapping lacks before it can be launched."""
        path = f"/internal/integrations/{integration_id}/mapping/readiness"
        readiness = await self.get(ReadinessOut, path, actor=actor, describes=describes)
        return readiness.missing

    async def mapping(self, integration_id: UUID, *, actor: str) -> MappingOut:
        """Return the newest version of an integration's mapping; version 0 is the empty one."""
        return await self.get(MappingOut, f"/internal/integrations/{integration_id}/mapping", actor=actor)

    async def store_mapping(self, integration_id: UUID, given: MappingIn, *, actor: str) -> None:
        """Store a new version of an integration's mapping."""
        await self.call("PUT", f"/internal/integrations/{integration_id}/mapping", actor=actor, body=given)

    async def check_page(self, given: CheckIn, *, actor: str) -> CheckOut:
        """Return what would become of a page's records, and what speaks against launching."""
        path = f"/internal/integrations/{given.provenance.integration_id}/mapping/check"
        return CheckOut.model_validate(await self.call("POST", path, actor=actor, body=given))

    async def require_forecast(self, integration_id: UUID, given: ForecastNeededIn, *, actor: str) -> None:
        """Raise `Conflict` when a configuration would change records, and nobody has looked at its forecast."""
        sent = given.model_dump(mode="json", exclude_unset=True)
        await self.call("POST", f"/internal/integrations/{integration_id}/mapping/forecasts/required", actor=actor, body=sent)

    async def plan(self, run_id: UUID, *, actor: str) -> PlanOut:
        """Return a run's plan, counted. Raises `NotFound` when it is kept no longer."""
        return await self.get(PlanOut, f"/internal/plans/{run_id}", actor=actor)

    async def leave_by_source(self, given: SourceLeaveIn, *, actor: str) -> SourceLeaveOut:
        """Return whether a user may be destroyed at the source."""
        return SourceLeaveOut.model_validate(await self.call("POST", "/internal/guard/leave/by-source", actor=actor, body=given))

    async def give_leave_back(self, given: LeaveBackIn, *, actor: str) -> None:
        """Say which leaves were not used: nothing was destroyed."""
        await self.call("POST", "/internal/guard/leave/back", actor=actor, body=given)

    async def saas_instance_of(self, application: str, *, actor: str) -> SaasInstanceOut:
        """Return the SaaS instance of an application, made if there is none. Raises `Conflict` when there are several."""
        answer = await self.call("POST", "/internal/saas-instances", actor=actor, body=SaasInstanceIn(application=application))
        return SaasInstanceOut.model_validate(answer)

    async def saas_instances(self, *, actor: str) -> list[SaasInstanceOut]:
        """Return the SaaS instances there are."""
        page = await self.get(Page[SaasInstanceOut], "/internal/saas-instances", actor=actor, limit=500)
        return page.items
