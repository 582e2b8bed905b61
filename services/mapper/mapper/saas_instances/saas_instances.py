"""SaaS instances: one or several of each application, found by its name or made."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.applications.applications import application_named, not_found
from mapper.fields.values import unique_key
from mapper.tables import APPLICATIONS, SAAS_INSTANCES, SAAS_USERS
from shared.api.software import SaasInstanceIn, SaasInstanceOut, SaasInstancePatch
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, Invalid, NotFound
from shared.ids import new_id


class SeveralInstances(Conflict):
    """An application has several instances; somebody must choose."""

    code = "several_saas_instances"


class InstanceNotFound(NotFound):
    """No SaaS instance has this id."""

    code = "saas_instance_not_found"


class InstanceInUse(Conflict):
    """The instance has SaaS users."""

    code = "saas_instance_in_use"


async def require_instance(session: AsyncSession, saas_instance_id: UUID) -> None:
    """Raise `InstanceNotFound` when there is none with this id."""
    if await session.scalar(select(SAAS_INSTANCES.c.id).where(SAAS_INSTANCES.c.id == saas_instance_id)) is None:
        raise _unknown(saas_instance_id)


async def list_instances(session: AsyncSession, application_id: UUID | None = None) -> list[SaasInstanceOut]:
    """Return every instance, or those of one application, with the number of its users, in one statement."""
    wanted = [] if application_id is None else [SAAS_INSTANCES.c.application_id == application_id]
    rows = await session.execute(_counted().where(*wanted).order_by(SAAS_INSTANCES.c.name_key))
    return [SaasInstanceOut.model_validate(row) for row in rows]


async def read_instance(session: AsyncSession, saas_instance_id: UUID) -> SaasInstanceOut:
    """Return one instance. Raises `InstanceNotFound`."""
    row = (await session.execute(_counted().where(SAAS_INSTANCES.c.id == saas_instance_id))).first()
    if row is None:
        raise _unknown(saas_instance_id)
    return SaasInstanceOut.model_validate(row)


async def instance_of(session: AsyncSession, given: SaasInstanceIn) -> SaasInstanceOut:
    """Return an application's only instance, or the one that is named; make it when there is none.

    Raises `SeveralInstances`, and `Conflict` when another application's instance has the name.
    """
    application_id = await application_named(session, given.application)
    of_it = select(SAAS_INSTANCES.c.id, SAAS_INSTANCES.c.name).where(SAAS_INSTANCES.c.application_id == application_id)
    there = (await session.execute(of_it.order_by(SAAS_INSTANCES.c.name_key))).all() if given.name is None else []
    if len(there) > 1:
        names = ", ".join(row.name for row in there)
        raise SeveralInstances(f"{given.application} has several instances: {names}", remedy="Choose one by its id.")
    if there:
        return await read_instance(session, there[0].id)
    return await read_instance(session, await _named(session, application_id, given.name or given.application))


async def change_instance(session: AsyncSession, saas_instance_id: UUID, patch: SaasInstancePatch) -> SaasInstanceOut:
    """Change what is given. Its name stands on its SaaS users, and so stays while it has some.

    Raises `InstanceNotFound`, `ApplicationNotFound`, `InstanceInUse`, `Conflict` for a taken name, `Invalid`.
    """
    row = await _locked(session, saas_instance_id)
    values = patch.model_dump(exclude_unset=True)
    for field, value in values.items():
        if value is None:
            problem = {"field": field, "message": "cannot be emptied", "remedy": "Leave it out, or give a value."}
            raise Invalid(f"{field} cannot be emptied", remedy=problem["remedy"], fields=[problem])
    if "application_id" in values:
        await _require_application(session, values["application_id"])
    if "name" in values and values["name"] != row.name:
        if users := await _users_of(session, saas_instance_id):
            remedy = "Add another instance with the new name, and let integrations fill that one."
            raise InstanceInUse(f"the name {row.name!r} stands on {users} SaaS users", remedy=remedy, users=users)
        values["name_key"] = unique_key(values["name"])
        taken = select(SAAS_INSTANCES.c.id).where(SAAS_INSTANCES.c.name_key == values["name_key"], SAAS_INSTANCES.c.id != saas_instance_id)
        if await session.scalar(taken) is not None:
            raise _name_taken(values["name"])
    if values:
        await session.execute(update(SAAS_INSTANCES).where(SAAS_INSTANCES.c.id == saas_instance_id).values(values))
    return await read_instance(session, saas_instance_id)


async def remove_instance(session: AsyncSession, saas_instance_id: UUID) -> None:
    """Remove an instance without users. Raises `InstanceNotFound`, `InstanceInUse`."""
    row = await _locked(session, saas_instance_id)
    if users := await _users_of(session, saas_instance_id):
        remedy = "It stays as long as anybody is known to be, or to have been, a user of it."
        raise InstanceInUse(f"{row.name!r} has {users} SaaS users", remedy=remedy, users=users)
    await session.execute(delete(SAAS_INSTANCES).where(SAAS_INSTANCES.c.id == saas_instance_id))


async def _named(session: AsyncSession, application_id: UUID, name: str) -> UUID:
    await _require_application(session, application_id)
    row = {"id": new_id(), "application_id": application_id, "name": name, "name_key": unique_key(name), "created_at": now()}
    await session.execute(insert_for(session, SAAS_INSTANCES).values(row).on_conflict_do_nothing())
    named = select(SAAS_INSTANCES.c.id, SAAS_INSTANCES.c.application_id).where(SAAS_INSTANCES.c.name_key == row["name_key"])
    found = (await session.execute(named)).one()
    if found.application_id != application_id:
        raise _name_taken(name)
    instance_id: UUID = found.id
    return instance_id


async def _require_application(session: AsyncSession, application_id: UUID) -> None:
    """Raise `ApplicationNotFound`; keep others from removing it until the transaction ends."""
    there = select(APPLICATIONS.c.id).where(APPLICATIONS.c.id == application_id).with_for_update(read=True)
    if await session.scalar(there) is None:
        raise not_found(application_id)


async def _locked(session: AsyncSession, saas_instance_id: UUID) -> Row[Any]:
    row = (await session.execute(select(SAAS_INSTANCES).where(SAAS_INSTANCES.c.id == saas_instance_id).with_for_update())).first()
    if row is None:
        raise _unknown(saas_instance_id)
    return row


async def _users_of(session: AsyncSession, saas_instance_id: UUID) -> int:
    theirs: ColumnElement[bool] = SAAS_USERS.c.saas_instance_id == saas_instance_id
    return await session.scalar(select(func.count()).select_from(SAAS_USERS).where(theirs)) or 0


def _counted() -> Select[Any]:
    theirs = SAAS_USERS.c.saas_instance_id == SAAS_INSTANCES.c.id
    users = select(func.count()).select_from(SAAS_USERS).where(theirs).correlate(SAAS_INSTANCES).scalar_subquery()
    application = APPLICATIONS.c.name.label("application")
    return select(SAAS_INSTANCES, application, users.label("users")).join(
        APPLICATIONS, APPLICATIONS.c.id == SAAS_INSTANCES.c.application_id
    )


def _unknown(saas_instance_id: UUID) -> InstanceNotFound:
    return InstanceNotFound(f"there is no SaaS instance {saas_instance_id}", remedy="Use an id from the list of SaaS instances.")


def _name_taken(name: str) -> Conflict:
    return Conflict(f"there is a SaaS instance named {name!r} already", code="name_taken", remedy="Choose another name.")
