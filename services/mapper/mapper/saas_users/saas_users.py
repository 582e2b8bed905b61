"""SaaS users: shown and changed by hand."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.records.listing import Wanted, listed
from mapper.records.patching import RecordNotFound, patched
from mapper.tables import SAAS_USERS
from shared.api.records import SaasUserOut
from shared.http.paging import Page
from shared.unit import Unit


async def list_saas_users(session: AsyncSession, ask: Wanted) -> Page[SaasUserOut]:
    """Return a page of SaaS users."""
    rows, cursor, total = await listed(session, "saas_user", ask)
    return Page(items=[shown(row) for row in rows], next_cursor=cursor, total=total)


async def read_saas_user(session: AsyncSession, saas_user_id: UUID) -> SaasUserOut:
    """Return one SaaS user. Raises `RecordNotFound`."""
    row = (await session.execute(select(SAAS_USERS).where(SAAS_USERS.c.id == saas_user_id))).one_or_none()
    if row is None:
        raise RecordNotFound(f"there is no SaaS user {saas_user_id}", remedy="Use an id from the list of SaaS users.")
    return shown(row)


async def change_saas_user(unit: Unit, saas_user_id: UUID, given: dict[str, Any]) -> SaasUserOut:
    """Change a SaaS user by hand."""
    await patched(unit, "saas_user", saas_user_id, given)
    return await read_saas_user(unit.session, saas_user_id)


def shown(row: Row[Any]) -> SaasUserOut:
    """Return a SaaS user from its row."""
    return SaasUserOut(
        id=row.id,
        person_id=row.person_id,
        saas_instance_id=row.saas_instance_id,
        revision=row.revision,
        fields=row.fields,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
