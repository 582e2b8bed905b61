"""Routes of People."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from mapper.people.people import add_person, change_person, list_people, read_person
from mapper.records.listing import Wanted, wanted
from mapper.scope import InReading, InRequest
from mapper.timeline.timeline import timeline_of
from shared.api.records import PersonIn, PersonOut, RecordPatch, TimelineEntry
from shared.http.paging import Page

router = APIRouter(prefix="/people", tags=["people"])


@router.get("")
async def list_all(session: InReading, ask: Annotated[Wanted, Depends(wanted)]) -> Page[PersonOut]:
    """Return People."""
    return await list_people(session, ask)


@router.post("", status_code=201)
async def add(given: PersonIn, unit: InRequest) -> PersonOut:
    """Add a Person by hand."""
    return await add_person(unit, given.fields)


@router.get("/{person_id}")
async def read(person_id: UUID, session: InReading) -> PersonOut:
    """Return one Person."""
    return await read_person(session, person_id)


@router.patch("/{person_id}")
async def change(person_id: UUID, given: RecordPatch, unit: InRequest) -> PersonOut:
    """Change fields of a Person."""
    return await change_person(unit, person_id, given.fields)


@router.get("/{person_id}/timeline")
async def timeline(person_id: UUID, session: InReading) -> Page[TimelineEntry]:
    """Return what happened to a Person and to their SaaS users, oldest first."""
    return Page(items=await timeline_of(session, person_id))
