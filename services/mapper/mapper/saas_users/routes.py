"""Routes of SaaS users."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from mapper.records.listing import Wanted, wanted
from mapper.saas_users.saas_users import change_saas_user, find_saas_user, list_saas_users, read_saas_user
from mapper.scope import InReading, InRequest
from shared.api.records import RecordPage, RecordPatch, SaasUserOut

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
async def read(saas_user_id: UUID, session: InReading) -> SaasUserOut:
    """Return one SaaS user."""
    return await read_saas_user(session, saas_user_id)


@router.patch("/{saas_user_id}")
async def change(saas_user_id: UUID, given: RecordPatch, unit: InRequest) -> SaasUserOut:
    """Change fields of a SaaS user."""
    return await change_saas_user(unit, saas_user_id, given)
