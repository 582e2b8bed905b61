"""People: shown, added by hand, changed by hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.by_hand import by_hand
from mapper.fields.fields import defaults_of, fields_of
from mapper.fields.values import moment
from mapper.merging.leading import not_there
from mapper.records.changing import Draft
from mapper.records.editing import BadValues, Edit, checked
from mapper.records.finding import id_of
from mapper.records.listing import Wanted, listed, selected
from mapper.records.patching import RecordNotFound, claim_and_write, patched
from mapper.tables import LINKS, PEOPLE
from shared.api.people import PersonOut
from shared.api.records import RecordChange, RecordPage
from shared.clock import now
from shared.db.types import Timestamp
from shared.ids import new_id
from shared.unit import Unit


async def list_people(session: AsyncSession, ask: Wanted) -> RecordPage[PersonOut]:
    """Return a page of People."""
    page = await listed(session, "person", ask)
    with_times = ask.fields is None or "synced_at" in ask.fields
    seen = await _last_seen(session, [row.id for row in page.rows]) if with_times else {}
    return RecordPage(items=[shown(row, seen.get(row.id), ask.fields) for row in page.rows], **page.paged())


async def read_person(session: AsyncSession, person_id: UUID) -> PersonOut:
    """Return one Person. Raises `RecordNotFound`, `PersonMerged`."""
    row = (await session.execute(select(PEOPLE).where(PEOPLE.c.id == person_id))).one_or_none()
    if row is None:
        raise await not_there(session, person_id)
    return shown(row, (await _last_seen(session, [person_id])).get(person_id))


async def find_person(session: AsyncSession, key: str, value: str) -> PersonOut:
    """Return the Person with this value of a unique field. Raises `UnknownField`, `NotUnique`, `RecordNotFound`."""
    return await read_person(session, await id_of(session, "person", key, value))


async def add_person(unit: Unit, given: dict[str, Any]) -> PersonOut:
    """Add a Person by hand. Raises `BadValues`, `ValueTaken`, `UnknownField`."""
    known = await fields_of(unit.session, "person")
    values = {**defaults_of(known), **checked(given, known)}
    empty = [{"field": f"fields.{key}", "message": "is needed"} for key, field in known.items() if field.mandatory and not values.get(key)]
    if empty:
        raise BadValues("a person needs more than that", remedy="Fill in the named fields.", fields=empty)
    draft = Draft(id=new_id(), revision=0, fields={}, created_at=now(), kind="created", is_new=True)
    for key, value in values.items():
        draft.set(key, value, told=known[key].history)
    await claim_and_write(unit, "person", draft, known)
    hand = await by_hand(unit.session, "person", known, Edit({key: values[key] for key in given}), [draft])
    await hand.remember(unit, [draft])
    return await read_person(unit.session, draft.id)


async def change_person(unit: Unit, person_id: UUID, given: RecordChange) -> PersonOut:
    """Change a Person by hand. Raises what `patched` raises, and `PersonMerged`."""
    try:
        await patched(unit, "person", person_id, given)
    except RecordNotFound:
        raise await not_there(unit.session, person_id) from None
    return await read_person(unit.session, person_id)


def shown(row: Row[Any], seen: datetime | None, wanted_fields: Sequence[str] | None = None) -> PersonOut:
    """Return a Person from its row, with the fields that are wanted; `seen` is when an integration last observed it."""
    fields = selected({**row.fields, "synced_at": None if seen is None else moment(seen.isoformat())}, wanted_fields)
    return PersonOut(
        id=row.id,
        revision=row.revision,
        fields=fields,
        archived_at=row.archived_at,
        anonymised_at=row.anonymised_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def _last_seen(session: AsyncSession, person_ids: list[UUID]) -> dict[UUID, datetime]:
    """Return when each person was last observed, in one statement: a run must not rewrite people to keep a time fresh."""
    newest = select(LINKS.c.person_id, func.max(LINKS.c.last_observed_at, type_=Timestamp).label("seen"))
    rows = await session.execute(newest.where(LINKS.c.person_id.in_(person_ids)).group_by(LINKS.c.person_id))
    return {row.person_id: row.seen for row in rows}
