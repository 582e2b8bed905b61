"""Software: the catalogue, SaaS instances, and their users."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from api_gateway.api.v1.paging import records_wanted
from api_gateway.api.v1.routing import Cursor, Limit, subject
from api_gateway.clients.listing import ListQuery
from api_gateway.scope import InAccount, InParts
from shared.api.records import RecordPage
from shared.api.saas_users import SaasRoleOut, SaasUserOut
from shared.api.software import ApplicationIn, ApplicationOut, ApplicationPatch, SaasInstanceIn, SaasInstanceOut, SaasInstancePatch
from shared.errors import Conflict
from shared.http.paging import PAGE_SIZE, Page

applications: APIRouter = subject("/applications", "software catalogue")
saas_instances: APIRouter = subject("/saas-instances", "saas instances")

Wanted = Annotated[ListQuery, Depends(records_wanted)]
OfApplication = Annotated[UUID | None, Query(description="Only those of this entry of the catalogue.")]


class InstanceOfIntegrations(Conflict):
    """Integrations bring users to the SaaS instance."""

    code = "saas_instance_in_use"


@applications.get("")
async def list_applications(parts: InParts, account: InAccount, *, cursor: Cursor = None, limit: Limit = PAGE_SIZE) -> Page[ApplicationOut]:
    """Return the software catalogue by name, with the number of instances and users of each application."""
    return await parts.software.applications(cursor=cursor, limit=limit, actor=account.name)


@applications.post("", status_code=201)
async def add_application(given: ApplicationIn, parts: InParts, account: InAccount) -> ApplicationOut:
    """Add an entry. An integration whose application the catalogue lacks adds it by itself."""
    return await parts.software.add_application(given, actor=account.name)


@applications.get("/{application_id}")
async def read_application(application_id: UUID, parts: InParts, account: InAccount) -> ApplicationOut:
    """Return one entry; GET /saas-instances?application_id= lists its instances."""
    return await parts.software.application(application_id, actor=account.name)


@applications.patch("/{application_id}")
async def change_application(application_id: UUID, given: ApplicationPatch, parts: InParts, account: InAccount) -> ApplicationOut:
    """Change what is given. Renamed, it is still found by the name that it had."""
    return await parts.software.change_application(application_id, given, actor=account.name)


@applications.delete("/{application_id}", status_code=204)
async def remove_application(application_id: UUID, parts: InParts, account: InAccount) -> None:
    """Remove an entry. Refused while it has instances, which the error names."""
    await parts.software.remove_application(application_id, actor=account.name)


@saas_instances.get("")
async def list_saas_instances(parts: InParts, account: InAccount, *, application_id: OfApplication = None) -> Page[SaasInstanceOut]:
    """Return the SaaS instances, each with the number of its users."""
    return await parts.software.saas_instances(application_id=application_id, actor=account.name)


@saas_instances.post("")
async def find_or_add_saas_instance(given: SaasInstanceIn, parts: InParts, account: InAccount) -> SaasInstanceOut:
    """Return the application's SaaS instance, made if there is none; with `name` one of several."""
    return await parts.software.saas_instance_of(given, actor=account.name)


@saas_instances.get("/{saas_instance_id}")
async def read_saas_instance(saas_instance_id: UUID, parts: InParts, account: InAccount) -> SaasInstanceOut:
    """Return one SaaS instance."""
    return await parts.software.saas_instance(saas_instance_id, actor=account.name)


@saas_instances.patch("/{saas_instance_id}")
async def change_saas_instance(saas_instance_id: UUID, given: SaasInstancePatch, parts: InParts, account: InAccount) -> SaasInstanceOut:
    """Change what is given. The name stands on SaaS users: once there are some it stays."""
    return await parts.software.change_saas_instance(saas_instance_id, given, actor=account.name)


@saas_instances.delete("/{saas_instance_id}", status_code=204)
async def remove_saas_instance(saas_instance_id: UUID, parts: InParts, account: InAccount) -> None:
    """Remove a SaaS instance. Refused while it has users, or integrations that bring some, which the error names."""
    pages = [await parts.connector.integrations(archived=archived, actor=account.name) for archived in (False, True)]
    names = sorted(one.name for page in pages for one in page.items if one.saas_instance_id == saas_instance_id)
    if names:
        remedy = "Give these integrations another SaaS instance, or delete them."
        raise InstanceOfIntegrations(f"the SaaS instance is used by {', '.join(names)}", remedy=remedy, used_by=names)
    await parts.software.remove_saas_instance(saas_instance_id, actor=account.name)


@saas_instances.get("/{saas_instance_id}/roles")
async def list_roles_of_instance(saas_instance_id: UUID, parts: InParts, account: InAccount) -> Page[SaasRoleOut]:
    """Return the roles that the users of a SaaS instance have, or had, each with its id in the SaaS and how many have it."""
    return await parts.software.roles_of_instance(saas_instance_id, actor=account.name)


@saas_instances.get("/{saas_instance_id}/users")
async def list_users_of_instance(saas_instance_id: UUID, ask: Wanted, parts: InParts, account: InAccount) -> RecordPage[SaasUserOut]:
    """Return the users of a SaaS instance."""
    return await parts.software.users_of_instance(saas_instance_id, ask, actor=account.name)
