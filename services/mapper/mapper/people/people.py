"""People: shown, added by hand, changed by hand."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of
from mapper.records.changing import Draft
from mapper.records.listing import Wanted, listed
from mapper.records.patching import BadValues, RecordNotFound, checked, claim_and_write, patched
from mapper.tables import PEOPLE
from shared.api.records import PersonOut
from shared.clock import now
from shared.http.paging import Page
from shared.ids import new_id
from shared.unit import Unit


async def list_people(session: AsyncSession, ask: Wanted) -> Page[PersonOut]:
    """Return a page of People."""
    rows, cursor, total = await listed(session, "person", ask)
    return Page(items=[shown(row) for row in rows], next_cursor=cursor, total=total)


async def read_person(session: AsyncSession, person_id: UUID) -> PersonOut:
    """Return one Person. Raises `RecordNotFound`."""
    row = (await session.execute(select(PEOPLE).where(PEOPLE.c.id == person_id))).one_or_none()
    if row is None:
        raise RecordNotFound(f"there is no person {person_id}", remedy="Use an id from the list of People.")
    return shown(row)


async def add_person(unit: Unit, given: dict[str, Any]) -> PersonOut:
    """Add a Person by hand. Raises `BadValues`, `ValueTaken`, `UnknownField`."""
    known = await fields_of(unit.session, "person")
    values = checked(given, known)
    empty = [{"field": f"fields.{key}", "message": "is needed"} for key, field in known.items() if field.mandatory and not values.get(key)]
    if empty:
        raise BadValues("a person needs more than that", remedy="Fill in the named fields.", fields=empty)
    draft = Draft(id=new_id(), revision=0, fields={}, created_at=now(), kind="created", is_new=True)
    for key, value in values.items():
        draft.set(key, value)
    await claim_and_write(unit, "person", draft, known)
    return await read_person(unit.session, draft.id)


async def change_person(unit: Unit, person_id: UUID, given: dict[str, Any]) -> PersonOut:
    """Change a Person by hand."""
    await patched(unit, "person", person_id, given)
    return await read_person(unit.session, person_id)


def shown(row: Row[Any]) -> PersonOut:
    """Return a Person from its row."""
    synced: datetime | None = row.synced_at
    fields = {**row.fields, "synced_at": None if synced is None else synced.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    return PersonOut(id=row.id, revision=row.revision, fields=fields, created_at=row.created_at, updated_at=row.updated_at)
