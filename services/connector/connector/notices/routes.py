"""Routes of notices and contacts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from connector.notices.contacts import add_contact, change_contact, list_contacts, remove_contact
from connector.notices.delivering import test_contact
from connector.notices.listing import list_deliveries, list_notices, read_notice
from connector.scope import InCaller, InParts, InReading, InRequest
from shared.api.notices import ContactIn, ContactMade, ContactOut, ContactPatch, ContactTested, DeliveryOut, NoticeOut, NoticesWanted
from shared.http.paging import Page

router = APIRouter(tags=["notices"])


@router.get("/notices")
async def list_all(session: InReading, wanted: Annotated[NoticesWanted, Query()]) -> Page[NoticeOut]:
    """Return notices, newest first."""
    return await list_notices(session, wanted)


@router.post("/notices/{notice_id}/read")
async def read(notice_id: UUID, unit: InRequest) -> NoticeOut:
    """Close a notice."""
    return await read_notice(unit.session, notice_id, unit.actor)


@router.get("/notices/{notice_id}/deliveries")
async def deliveries(notice_id: UUID, session: InReading) -> Page[DeliveryOut]:
    """Return how contacts were told of a notice."""
    return Page(items=await list_deliveries(session, notice_id))


@router.post("/contacts", status_code=201)
async def add(given: ContactIn, unit: InRequest, parts: InParts) -> ContactMade:
    """Store a contact."""
    return await add_contact(unit.session, given, parts.vault, parts.settings)


@router.get("/contacts")
async def contacts(session: InReading) -> Page[ContactOut]:
    """Return every contact."""
    return Page(items=await list_contacts(session))


@router.patch("/contacts/{contact_id}")
async def change(contact_id: UUID, given: ContactPatch, unit: InRequest) -> ContactOut:
    """Change what is given."""
    return await change_contact(unit.session, contact_id, given)


@router.delete("/contacts/{contact_id}", status_code=204)
async def remove(contact_id: UUID, unit: InRequest) -> None:
    """Delete a contact."""
    await remove_contact(unit.session, contact_id)


@router.post("/contacts/{contact_id}/test")
async def try_contact(contact_id: UUID, parts: InParts, caller: InCaller) -> ContactTested:
    """Tell a contact that this is a test."""
    return await test_contact(parts, contact_id, caller.actor)
