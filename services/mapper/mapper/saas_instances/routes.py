"""Routes of SaaS instances."""

from fastapi import APIRouter

from mapper.saas_instances.saas_instances import instance_of, list_instances
from mapper.scope import InReading, InRequest
from shared.api.records import SaasInstanceIn, SaasInstanceOut
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
