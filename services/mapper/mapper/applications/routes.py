"""Routes of the software catalogue."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from mapper.applications.applications import add_application, change_application, list_applications, read_application, remove_application
from mapper.scope import InReading, InRequest
from shared.api.software import ApplicationIn, ApplicationOut, ApplicationPatch
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page

router = APIRouter(prefix="/applications", tags=["applications"])

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]


@router.get("")
async def list_all(session: InReading, cursor: str | None = None, limit: Limit = PAGE_SIZE) -> Page[ApplicationOut]:
    """Return the catalogue, by name."""
    return await list_applications(session, cursor, limit)


@router.post("", status_code=201)
async def add(given: ApplicationIn, unit: InRequest) -> ApplicationOut:
    """Add an entry."""
    return await add_application(unit.session, given)


@router.get("/{application_id}")
async def read(application_id: UUID, session: InReading) -> ApplicationOut:
    """Return one entry."""
    return await read_application(session, application_id)


@router.patch("/{application_id}")
async def change(application_id: UUID, given: ApplicationPatch, unit: InRequest) -> ApplicationOut:
    """Change what is given."""
    return await change_application(unit.session, application_id, given)


@router.delete("/{application_id}", status_code=204)
async def remove(application_id: UUID, unit: InRequest) -> None:
    """Remove an entry without instances."""
    await remove_application(unit.session, application_id)
