"""SaaS instances: found by their application, or made."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.values import unique_key
from mapper.tables import SAAS_INSTANCES, SAAS_USERS
from shared.api.records import SaasInstanceOut
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, NotFound
from shared.ids import new_id


class SeveralInstances(Conflict):
    """An application has several instances; somebody must choose."""

    code = "several_saas_instances"


class InstanceNotFound(NotFound):
    """No SaaS instance has this id."""

    code = "saas_instance_not_found"


async def require_instance(session: AsyncSession, saas_instance_id: UUID) -> None:
    """Raise `InstanceNotFound` when there is none with this id."""
    if await session.scalar(select(SAAS_INSTANCES.c.id).where(SAAS_INSTANCES.c.id == saas_instance_id)) is None:
        raise InstanceNotFound(f"there is no SaaS instance {saas_instance_id}", remedy="Use an id from the list of SaaS instances.")


async def list_instances(session: AsyncSession) -> list[SaasInstanceOut]:
    """Return every instance with the number of its users, in one statement."""
    users = select(SAAS_USERS.c.saas_instance_id, func.count().label("users")).group_by(SAAS_USERS.c.saas_instance_id).subquery()
    rows = await session.execute(
        select(SAAS_INSTANCES, func.coalesce(users.c.users, 0).label("users"))
        .outerjoin(users, users.c.saas_instance_id == SAAS_INSTANCES.c.id)
        .order_by(SAAS_INSTANCES.c.name_key),
    )
    return [SaasInstanceOut.model_validate(row) for row in rows]


async def instance_of(session: AsyncSession, application: str) -> SaasInstanceOut:
    """Return the one instance of an application; make it when there is none. Raises `SeveralInstances`."""
    key = unique_key(application)
    there = [instance for instance in await list_instances(session) if unique_key(instance.application) == key]
    if len(there) > 1:
        names = ", ".join(instance.name for instance in there)
        raise SeveralInstances(f"{application} has several instances: {names}", remedy="Choose one by its id.")
    if not there:
        row = {"id": new_id(), "application": application, "name": application, "name_key": key, "created_at": now()}
        await session.execute(insert_for(session, SAAS_INSTANCES).values(row).on_conflict_do_nothing())
        there = [instance for instance in await list_instances(session) if unique_key(instance.name) == key]
    return there[0]
