"""Notices, and the contacts who are told of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api_gateway.api.v1.routing import subject
from api_gateway.scope import InAccount, InParts
from shared.api.notices import ContactIn, ContactMade, ContactOut, ContactPatch, ContactTested, DeliveryOut, NoticeOut, NoticesWanted
from shared.http.paging import Page

notices: APIRouter = subject("/notices", "notices")
contacts: APIRouter = subject("/contacts", "contacts")


@notices.get("")
async def list_notices(parts: InParts, account: InAccount, wanted: Annotated[NoticesWanted, Query()]) -> Page[NoticeOut]:
    """Return what somebody should look at, newest first. What happens again while a notice is open is counted, not told again."""
    return await parts.notices.listed(wanted, actor=account.name)


@notices.post("/{notice_id}/read")
async def read_notice(notice_id: UUID, parts: InParts, account: InAccount) -> NoticeOut:
    """Close a notice. Should its cause go on, there will be a new one."""
    return await parts.notices.read(notice_id, actor=account.name)


@notices.get("/{notice_id}/deliveries")
async def list_deliveries(notice_id: UUID, parts: InParts, account: InAccount) -> Page[DeliveryOut]:
    """Return how each contact was told of a notice."""
    return await parts.notices.deliveries(notice_id, actor=account.name)


@contacts.post("", status_code=201)
async def add_contact(given: ContactIn, parts: InParts, account: InAccount) -> ContactMade:
    """Store a contact. A webhook's signing secret is in this answer, and in no other."""
    return await parts.notices.add_contact(given, actor=account.name)


@contacts.get("")
async def list_contacts(parts: InParts, account: InAccount) -> Page[ContactOut]:
    """Return every contact, by name."""
    return await parts.notices.contacts(actor=account.name)


@contacts.patch("/{contact_id}")
async def change_contact(contact_id: UUID, given: ContactPatch, parts: InParts, account: InAccount) -> ContactOut:
    """Change what is given."""
    return await parts.notices.change_contact(contact_id, given, actor=account.name)


@contacts.delete("/{contact_id}", status_code=204)
async def remove_contact(contact_id: UUID, parts: InParts, account: InAccount) -> None:
    """Delete a contact: it is told of nothing any more."""
    await parts.notices.remove_contact(contact_id, actor=account.name)


@contacts.post("/{contact_id}/test")
async def test_contact(contact_id: UUID, parts: InParts, account: InAccount) -> ContactTested:
    """Tell a contact that this is a test, and say how it went."""
    return await parts.notices.test_contact(contact_id, actor=account.name)
