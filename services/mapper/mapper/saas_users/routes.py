"""Routes of SaaS users."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from mapper.history.as_of import saas_user_as_of
from mapper.records.listing import Wanted, wanted
from mapper.saas_users.saas_users import change_saas_user, find_saas_user, list_saas_users, read_with_roles
from mapper.scope import InReading, InRequest
from shared.api.base import Moment
from shared.api.records import RecordChange, RecordPage
from shared.api.saas_users import SaasUserAt, SaasUserOut

router = APIRouter(prefix="/saas-users", tags=["saas-users"])


@router.get("")
async def list_all(session: InReading, ask: Annotated[Wanted, Depends(wanted)]) -> RecordPage[SaasUserOut]:
    """Return SaaS users."""
    return await list_saas_users(session, ask)


@router.get("/by/{field}/{value:path}")
async def find(field: str, value: str, session: InReading) -> SaasUserOut:
    """Return the SaaS user with this value of a unique field."""
    return await find_saas_user(session, field, value)


@router.get("/{saas_user_id}")
async def read(saas_user_id: UUID, session: InReading, as_of: Moment | None = None) -> SaasUserAt:
    """Return one SaaS user, now or as they were at a moment."""
    if as_of is not None:
        return await saas_user_as_of(session, saas_user_id, as_of)
    return await read_with_roles(session, saas_user_id)


@router.patch("/{saas_user_id}")
async def change(saas_user_id: UUID, given: RecordChange, unit: InRequest) -> SaasUserOut:
    """Change fields of a SaaS user."""
    return await change_saas_user(unit, saas_user_id, given)
