"""Routes of SaaS instances."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from mapper.records.listing import Wanted, wanted
from mapper.saas_instances.saas_instances import (
    change_instance,
    instance_of,
    list_instances,
    read_instance,
    remove_instance,
    require_instance,
)
from mapper.saas_users.roles import list_roles
from mapper.saas_users.saas_users import list_saas_users_of
from mapper.scope import InReading, InRequest
from shared.api.records import RecordPage
from shared.api.saas_users import SaasRoleOut, SaasUserOut
from shared.api.software import SaasInstanceIn, SaasInstanceOut, SaasInstancePatch
from shared.http.paging import Page

router = APIRouter(prefix="/saas-instances", tags=["saas-instances"])


@router.get("")
async def list_all(session: InReading, application_id: UUID | None = None) -> Page[SaasInstanceOut]:
    """Return every SaaS instance, or those of one application."""
    return Page(items=await list_instances(session, application_id))


@router.post("")
async def find_or_make(given: SaasInstanceIn, unit: InRequest) -> SaasInstanceOut:
    """Return the application's instance, made if there is none."""
    return await instance_of(unit.session, given)


@router.get("/{saas_instance_id}")
async def read(saas_instance_id: UUID, session: InReading) -> SaasInstanceOut:
    """Return one SaaS instance."""
    return await read_instance(session, saas_instance_id)


@router.patch("/{saas_instance_id}")
async def change(saas_instance_id: UUID, given: SaasInstancePatch, unit: InRequest) -> SaasInstanceOut:
    """Change what is given."""
    return await change_instance(unit.session, saas_instance_id, given)


@router.delete("/{saas_instance_id}", status_code=204)
async def remove(saas_instance_id: UUID, unit: InRequest) -> None:
    """Remove an instance without users."""
    await remove_instance(unit.session, saas_instance_id)


@router.get("/{saas_instance_id}/roles")
async def roles(saas_instance_id: UUID, session: InReading) -> Page[SaasRoleOut]:
    """Return the roles that the users of a SaaS instance have, or had."""
    await require_instance(session, saas_instance_id)
    return Page(items=await list_roles(session, saas_instance_id))


@router.get("/{saas_instance_id}/users")
async def users(saas_instance_id: UUID, session: InReading, ask: Annotated[Wanted, Depends(wanted)]) -> RecordPage[SaasUserOut]:
    """Return the users of a SaaS instance."""
    await require_instance(session, saas_instance_id)
    return await list_saas_users_of(session, ask, saas_instance_id=saas_instance_id)
