"""SaaS users of anonymised people: their rows stay, and take nothing personal again."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.records.many import among
from mapper.tables import PEOPLE, SAAS_USERS
from shared.events.records import RecordType

KEPT_OF_SAAS_USERS = frozenset(
    {
        *("person_id", "saas_instance_id", "saas_name", "integration_id", "deactivated", "deactivated_at"),
        *("to_be_deleted", "missing_since", "deleted_in_source_at", "returned_at"),
    }
)
"""What stays of a SaaS user whose person is anonymised, and may still be changed: whose it was is not told by it."""


async def closed_to(session: AsyncSession, record_type: RecordType, ids: Collection[UUID], keys: Iterable[str]) -> frozenset[UUID]:
    """Return which of these records take no values in these fields, since their person is anonymised. One statement, or none."""
    if record_type != "saas_user" or not ids or KEPT_OF_SAAS_USERS.issuperset(keys):
        return frozenset()
    theirs = select(SAAS_USERS.c.id).join(PEOPLE, PEOPLE.c.id == SAAS_USERS.c.person_id)
    erased = theirs.where(PEOPLE.c.anonymised_at.is_not(None), among(session, SAAS_USERS.c.id, "ids"))
    return frozenset(await session.scalars(erased, {"ids": list(ids)}))
