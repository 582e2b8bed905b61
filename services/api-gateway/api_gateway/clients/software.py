"""What the gateway asks the mapper about software."""

from uuid import UUID

from api_gateway.clients.internal import InternalClient
from api_gateway.clients.listing import ListQuery
from shared.api.records import RecordPage
from shared.api.saas_users import SaasRoleOut, SaasUserOut
from shared.api.software import ApplicationIn, ApplicationOut, ApplicationPatch, SaasInstanceIn, SaasInstanceOut, SaasInstancePatch
from shared.http.paging import Page

APPLICATIONS, INSTANCES = "/internal/applications", "/internal/saas-instances"


class SoftwareClient(InternalClient):
    """The software catalogue and SaaS instances."""

    audience = "mapper"

    async def applications(self, *, cursor: str | None, limit: int, actor: str) -> Page[ApplicationOut]:
        """Return the catalogue by name."""
        return await self.get(Page[ApplicationOut], APPLICATIONS, actor=actor, cursor=cursor, limit=limit)

    async def application(self, application_id: UUID, *, actor: str) -> ApplicationOut:
        """Return one entry."""
        return await self.get(ApplicationOut, f"{APPLICATIONS}/{application_id}", actor=actor)

    async def add_application(self, given: ApplicationIn, *, actor: str) -> ApplicationOut:
        """Add an entry."""
        return await self.ask(ApplicationOut, "POST", APPLICATIONS, actor=actor, body=given)

    async def change_application(self, application_id: UUID, given: ApplicationPatch, *, actor: str) -> ApplicationOut:
        """Change what is given."""
        body = given.model_dump(mode="json", exclude_unset=True)
        return await self.ask(ApplicationOut, "PATCH", f"{APPLICATIONS}/{application_id}", actor=actor, body=body)

    async def remove_application(self, application_id: UUID, *, actor: str) -> None:
        """Remove an entry without instances."""
        await self.call("DELETE", f"{APPLICATIONS}/{application_id}", actor=actor)

    async def saas_instances(self, *, application_id: UUID | None, actor: str) -> Page[SaasInstanceOut]:
        """Return the SaaS instances, or those of one application."""
        return await self.get(Page[SaasInstanceOut], INSTANCES, actor=actor, application_id=application_id)

    async def saas_instance(self, saas_instance_id: UUID, *, actor: str) -> SaasInstanceOut:
        """Return one SaaS instance."""
        return await self.get(SaasInstanceOut, f"{INSTANCES}/{saas_instance_id}", actor=actor)

    async def saas_instance_of(self, given: SaasInstanceIn, *, actor: str) -> SaasInstanceOut:
        """Return an application's SaaS instance, made if there is none."""
        return await self.ask(SaasInstanceOut, "POST", INSTANCES, actor=actor, body=given)

    async def change_saas_instance(self, saas_instance_id: UUID, given: SaasInstancePatch, *, actor: str) -> SaasInstanceOut:
        """Change what is given."""
        body = given.model_dump(mode="json", exclude_unset=True)
        return await self.ask(SaasInstanceOut, "PATCH", f"{INSTANCES}/{saas_instance_id}", actor=actor, body=body)

    async def remove_saas_instance(self, saas_instance_id: UUID, *, actor: str) -> None:
        """Remove a SaaS instance without users."""
        await self.call("DELETE", f"{INSTANCES}/{saas_instance_id}", actor=actor)

    async def roles_of_instance(self, saas_instance_id: UUID, *, actor: str) -> Page[SaasRoleOut]:
        """Return the roles of a SaaS instance."""
        return await self.get(Page[SaasRoleOut], f"{INSTANCES}/{saas_instance_id}/roles", actor=actor)

    async def users_of_instance(self, saas_instance_id: UUID, ask: ListQuery, *, actor: str) -> RecordPage[SaasUserOut]:
        """Return the users of a SaaS instance."""
        return await self.get(RecordPage[SaasUserOut], f"{INSTANCES}/{saas_instance_id}/users", actor=actor, **ask.params())
