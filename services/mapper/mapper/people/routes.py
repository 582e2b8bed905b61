"""Routes of People."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from mapper.history.as_of import person_as_of
from mapper.people.anonymising import anonymise
from mapper.people.archiving import archive, restore
from mapper.people.exporting import export_subject
from mapper.people.people import add_person, change_person, find_person, list_people, read_person
from mapper.records.listing import Wanted, wanted
from mapper.saas_users.saas_users import list_saas_users_of
from mapper.scope import InReading, InRequest
from mapper.timeline.timeline import timeline_of
from shared.api.base import Moment
from shared.api.people import AnonymiseIn, PersonAt, PersonIn, PersonOut, SubjectExport
from shared.api.records import RecordChange, RecordPage, TimelineEntry
from shared.api.saas_users import SaasUserOut
from shared.http.paging import Page

router = APIRouter(prefix="/people", tags=["people"])


@router.get("")
async def list_all(
    session: InReading,
    ask: Annotated[Wanted, Depends(wanted)],
    *,
    search: Annotated[str | None, Query(max_length=500)] = None,
    archived: bool = False,
) -> RecordPage[PersonOut]:
    """Return People; with `search` those in whom each of its words begins a word. With `archived` those who are archived or anonymised."""
    return await list_people(session, replace(ask, search=search, archived=archived))


@router.post("", status_code=201)
async def add(given: PersonIn, unit: InRequest) -> PersonOut:
    """Add a Person by hand."""
    return await add_person(unit, given.fields)


@router.get("/by/{field}/{value:path}")
async def find(field: str, value: str, session: InReading) -> PersonOut:
    """Return the Person with this value of a unique field."""
    return await find_person(session, field, value)


@router.get("/{person_id}/saas-users")
async def saas_users(person_id: UUID, session: InReading, ask: Annotated[Wanted, Depends(wanted)]) -> RecordPage[SaasUserOut]:
    """Return the SaaS users of a Person."""
    await read_person(session, person_id)
    return await list_saas_users_of(session, ask, person_id=person_id)


@router.get("/{person_id}")
async def read(person_id: UUID, session: InReading, as_of: Moment | None = None) -> PersonAt:
    """Return one Person, now or as they were at a moment."""
    if as_of is not None:
        return await person_as_of(session, person_id, as_of)
    return PersonAt.model_validate(await read_person(session, person_id))


@router.patch("/{person_id}")
async def change(person_id: UUID, given: RecordChange, unit: InRequest) -> PersonOut:
    """Change fields of a Person."""
    return await change_person(unit, person_id, given)


@router.get("/{person_id}/timeline")
async def timeline(person_id: UUID, session: InReading) -> Page[TimelineEntry]:
    """Return what happened to a Person and to their SaaS users, oldest first."""
    return Page(items=await timeline_of(session, person_id))


@router.post("/{person_id}/archive")
async def put_away(person_id: UUID, unit: InRequest) -> PersonOut:
    """Archive a Person."""
    return await archive(unit, person_id)


@router.post("/{person_id}/restore")
async def bring_back(person_id: UUID, unit: InRequest) -> PersonOut:
    """Restore a Person who is archived."""
    return await restore(unit, person_id)


@router.post("/{person_id}/anonymise")
async def erase(person_id: UUID, given: AnonymiseIn, unit: InRequest) -> PersonOut:
    """Take everything personal from a Person, for good."""
    return await anonymise(unit, person_id, given)


@router.get("/{person_id}/export")
async def export(person_id: UUID, session: InReading) -> SubjectExport:
    """Return everything that is kept about a Person."""
    return await export_subject(session, person_id)
