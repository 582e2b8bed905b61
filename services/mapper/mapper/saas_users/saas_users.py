"""SaaS users: shown and changed by hand."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.records.finding import id_of
from mapper.records.listing import Wanted, listed, selected
from mapper.records.patching import RecordNotFound, patched
from mapper.saas_users.roles import roles_shown
from mapper.tables import SAAS_USERS
from shared.api.records import RecordChange, RecordPage
from shared.api.saas_users import SaasUserAt, SaasUserOut
from shared.unit import Unit


async def list_saas_users(session: AsyncSession, ask: Wanted, *more: ColumnElement[bool]) -> RecordPage[SaasUserOut]:
    """Return a page of SaaS users."""
    page = await listed(session, "saas_user", ask, *more)
    return RecordPage(items=[shown(row, ask.fields) for row in page.rows], **page.paged())


async def list_saas_users_of(session: AsyncSession, ask: Wanted, **columns: UUID) -> RecordPage[SaasUserOut]:
    """Return a page of the SaaS users of a person (`person_id`), or of an instance (`saas_instance_id`)."""
    return await list_saas_users(session, ask, *(SAAS_USERS.c[name] == value for name, value in columns.items()))


async def find_saas_user(session: AsyncSession, key: str, value: str) -> SaasUserOut:
    """Return the SaaS user with this value of a unique field. Raises `UnknownField`, `NotUnique`, `RecordNotFound`."""
    return await read_saas_user(session, await id_of(session, "saas_user", key, value))


async def read_saas_user(session: AsyncSession, saas_user_id: UUID) -> SaasUserOut:
    """Return one SaaS user. Raises `RecordNotFound`."""
    row = (await session.execute(select(SAAS_USERS).where(SAAS_USERS.c.id == saas_user_id))).one_or_none()
    if row is None:
        raise RecordNotFound(f"there is no SaaS user {saas_user_id}", remedy="Use an id from the list of SaaS users.")
    return shown(row)


async def read_with_roles(session: AsyncSession, saas_user_id: UUID) -> SaasUserAt:
    """Return one SaaS user, their roles with their ids. Raises `RecordNotFound`."""
    found = await read_saas_user(session, saas_user_id)
    roles = await roles_shown(session, found.saas_instance_id, found.fields.get("roles") or [])
    return SaasUserAt(**found.model_dump(), roles=roles)


async def change_saas_user(unit: Unit, saas_user_id: UUID, given: RecordChange) -> SaasUserOut:
    """Change a SaaS user by hand."""
    await patched(unit, "saas_user", saas_user_id, given)
    return await read_saas_user(unit.session, saas_user_id)


def shown(row: Row[Any], wanted_fields: Sequence[str] | None = None) -> SaasUserOut:
    """Return a SaaS user from its row, with the fields that are wanted."""
    return SaasUserOut(
        id=row.id,
        person_id=row.person_id,
        saas_instance_id=row.saas_instance_id,
        revision=row.revision,
        fields=selected(row.fields, wanted_fields),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
