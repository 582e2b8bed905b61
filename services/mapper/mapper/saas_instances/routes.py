"""Routes of SaaS instances."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from mapper.records.listing import Wanted, wanted
from mapper.saas_instances.saas_instances import instance_of, list_instances, require_instance
from mapper.saas_users.saas_users import list_saas_users_of
from mapper.scope import InReading, InRequest
from shared.api.records import RecordPage, SaasInstanceIn, SaasInstanceOut, SaasUserOut
from shared.http.paging import Page

router = APIRouter(prefix="/saas-instances", tags=["saas-instances"])


@router.get("")
async def list_all(session: InReading) -> Page[SaasInstanceOut]:
    """Return every SaaS instance."""
    return Page(items=await list_instances(session))


@router.post("")
async def find_or_make(given: SaasInstanceIn, unit: InRequest) -> SaasInstanceOut:
    """Return the application's instance, made if there is none."""
    return await instance_of(unit.session, given.application)


@router.get("/{saas_instance_id}/users")
async def users(saas_instance_id: UUID, session: InReading, ask: Annotated[Wanted, Depends(wanted)]) -> RecordPage[SaasUserOut]:
    """Return the users of a SaaS instance."""
    await require_instance(session, saas_instance_id)
    return await list_saas_users_of(session, ask, saas_instance_id=saas_instance_id)
