"""Entries of the software catalogue. An entry is found by its name, and by every name that it had."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.values import unique_key
from mapper.tables import APPLICATION_NAMES, APPLICATIONS, SAAS_INSTANCES, SAAS_USERS
from shared.api.software import ApplicationIn, ApplicationOut, ApplicationPatch
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, Invalid, NotFound
from shared.http.paging import Page, decode_cursor, encode_cursor
from shared.ids import new_id


class ApplicationNotFound(NotFound):
    """The software catalogue has no entry with this id."""

    code = "application_not_found"


class ApplicationInUse(Conflict):
    """The entry has SaaS instances."""

    code = "application_in_use"


async def list_applications(session: AsyncSession, cursor: str | None, limit: int) -> Page[ApplicationOut]:
    """Return the catalogue by name. Raises `BadCursor`."""
    statement = _counted().order_by(APPLICATIONS.c.name_key).limit(limit + 1)
    if cursor is not None:
        statement = statement.where(APPLICATIONS.c.name_key > decode_cursor(cursor, 1)[0])
    rows = (await session.execute(statement)).all()
    following = encode_cursor([rows[limit - 1].name_key]) if len(rows) > limit else None
    return Page(items=await _shown(session, rows[:limit]), next_cursor=following)


async def read_application(session: AsyncSession, application_id: UUID) -> ApplicationOut:
    """Return one entry. Raises `ApplicationNotFound`."""
    rows = (await session.execute(_counted().where(APPLICATIONS.c.id == application_id))).all()
    if not rows:
        raise not_found(application_id)
    return (await _shown(session, rows))[0]


async def add_application(session: AsyncSession, given: ApplicationIn) -> ApplicationOut:
    """Add an entry. Raises `Conflict` when another one has, or had, its name."""
    application_id = await _made(session, given.name, given.model_dump(exclude={"name"}))
    if application_id is None:
        raise _name_taken(given.name)
    return await read_application(session, application_id)


async def application_named(session: AsyncSession, name: str) -> UUID:
    """Return the id of the entry that has, or had, this name; made when there is none, whoever else makes it at the same time."""
    known = select(APPLICATION_NAMES.c.application_id).where(APPLICATION_NAMES.c.name_key == unique_key(name))
    found: UUID | None = await session.scalar(known) or await _made(session, name, {}) or await session.scalar(known)
    assert found is not None  # noqa: S101 - what kept it from being made is the entry itself
    return found


async def change_application(session: AsyncSession, application_id: UUID, patch: ApplicationPatch) -> ApplicationOut:
    """Change what is given; a former name still leads here. Raises `ApplicationNotFound`, `Conflict` for a taken name, `Invalid`."""
    values = patch.model_dump(exclude_unset=True)
    if "name" in values:
        if values["name"] is None:
            problem = {"field": "name", "message": "cannot be emptied", "remedy": "Leave it out, or give a name."}
            raise Invalid("name cannot be emptied", remedy=problem["remedy"], fields=[problem])
        values["name_key"] = unique_key(values["name"])
        await _take_name(session, application_id, values["name"])
    changed = update(APPLICATIONS).where(APPLICATIONS.c.id == application_id).values(**values, updated_at=now())
    if (await session.execute(changed.returning(APPLICATIONS.c.id))).first() is None:
        raise not_found(application_id)
    return await read_application(session, application_id)


async def remove_application(session: AsyncSession, application_id: UUID) -> None:
    """Remove an entry without instances. Raises `ApplicationNotFound`, `ApplicationInUse` naming them."""
    # The entry first: whoever adds an instance to it meanwhile waits, and then finds none.
    locked = select(APPLICATIONS.c.name).where(APPLICATIONS.c.id == application_id).with_for_update()
    name = await session.scalar(locked)
    if name is None:
        raise not_found(application_id)
    of_it = select(SAAS_INSTANCES.c.name).where(SAAS_INSTANCES.c.application_id == application_id).order_by(SAAS_INSTANCES.c.name_key)
    names = list(await session.scalars(of_it.limit(20)))
    if names:
        remedy = "Remove its instances first, or move them to another entry."
        raise ApplicationInUse(f"{name!r} has the instances {', '.join(names)}", remedy=remedy, used_by=names)
    await session.execute(delete(APPLICATIONS).where(APPLICATIONS.c.id == application_id))


def not_found(application_id: UUID) -> ApplicationNotFound:
    """Return the error for an id that names no entry."""
    return ApplicationNotFound(f"there is no application {application_id}", remedy="Use an id from the list of applications.")


async def _made(session: AsyncSession, name: str, details: dict[str, Any]) -> UUID | None:
    """Return the id of a new entry; None when its name is, or was, another one's."""
    application_id, moment, key = new_id(), now(), unique_key(name)
    row = {"id": application_id, "name": name, "name_key": key, "created_at": moment, "updated_at": moment}
    made = insert_for(session, APPLICATIONS).values({**row, **details}).on_conflict_do_nothing().returning(APPLICATIONS.c.id)
    if await session.scalar(made) is None:
        return None
    # Among all names there are and were, the database decides whose one is.
    named = {"name_key": key, "name": name, "application_id": application_id}
    taken = insert_for(session, APPLICATION_NAMES).values(named).on_conflict_do_nothing().returning(APPLICATION_NAMES.c.name_key)
    if await session.scalar(taken) is None:
        await session.execute(delete(APPLICATIONS).where(APPLICATIONS.c.id == application_id))
        return None
    return application_id


async def _take_name(session: AsyncSession, application_id: UUID, name: str) -> None:
    row = {"name_key": unique_key(name), "name": name, "application_id": application_id}
    if await session.scalar(select(APPLICATIONS.c.id).where(APPLICATIONS.c.id == application_id)) is None:
        raise not_found(application_id)
    await session.execute(insert_for(session, APPLICATION_NAMES).values(row).on_conflict_do_nothing())
    holder = await session.scalar(select(APPLICATION_NAMES.c.application_id).where(APPLICATION_NAMES.c.name_key == row["name_key"]))
    if holder != application_id:
        raise _name_taken(name)


def _counted() -> Select[Any]:
    of_it = SAAS_INSTANCES.c.application_id == APPLICATIONS.c.id
    instances = select(func.count()).select_from(SAAS_INSTANCES).where(of_it).correlate(APPLICATIONS).scalar_subquery()
    theirs = SAAS_USERS.join(SAAS_INSTANCES, SAAS_INSTANCES.c.id == SAAS_USERS.c.saas_instance_id)
    users = select(func.count()).select_from(theirs).where(of_it).correlate(APPLICATIONS).scalar_subquery()
    return select(APPLICATIONS, instances.label("instances"), users.label("users"))


async def _shown(session: AsyncSession, rows: Sequence[Row[Any]]) -> list[ApplicationOut]:
    former = await _former_names(session, [row.id for row in rows])
    return [
        ApplicationOut.model_validate({**row._mapping, "also_known_as": former.get(row.id, [])})  # noqa: SLF001 - SQLAlchemy's public name
        for row in rows
    ]


async def _former_names(session: AsyncSession, application_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    theirs = (APPLICATION_NAMES.c.application_id.in_(application_ids), APPLICATION_NAMES.c.name_key != APPLICATIONS.c.name_key)
    statement = select(APPLICATION_NAMES).join(APPLICATIONS, APPLICATIONS.c.id == APPLICATION_NAMES.c.application_id).where(*theirs)
    found: dict[UUID, list[str]] = {}
    for row in await session.execute(statement.order_by(APPLICATION_NAMES.c.name_key)):
        found.setdefault(row.application_id, []).append(row.name)
    return found


def _name_taken(name: str) -> Conflict:
    remedy = "Choose another name, or use the entry that has it, or had it."
    return Conflict(f"the catalogue has an entry {name!r} already", code="name_taken", remedy=remedy)
