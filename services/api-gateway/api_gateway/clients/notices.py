"""What the gateway asks the connector about notices and contacts."""

from uuid import UUID

from api_gateway.clients.internal import InternalClient
from shared.api.notices import ContactIn, ContactMade, ContactOut, ContactPatch, ContactTested, DeliveryOut, NoticeOut, NoticesWanted
from shared.http.paging import Page

TEST_SECONDS = 40.0
"""A mail server, or a webhook, may be slow."""


class NoticesClient(InternalClient):
    """What somebody should look at, and who is told of it."""

    audience = "connector"

    async def listed(self, wanted: NoticesWanted, *, actor: str) -> Page[NoticeOut]:
        """Return notices, newest first."""
        return await self.get(Page[NoticeOut], "/internal/notices", actor=actor, **wanted.model_dump(mode="json"))

    async def read(self, notice_id: UUID, *, actor: str) -> NoticeOut:
        """Close a notice."""
        return await self.ask(NoticeOut, "POST", f"/internal/notices/{notice_id}/read", actor=actor)

    async def deliveries(self, notice_id: UUID, *, actor: str) -> Page[DeliveryOut]:
        """Return how contacts were told of a notice."""
        return await self.get(Page[DeliveryOut], f"/internal/notices/{notice_id}/deliveries", actor=actor)

    async def contacts(self, *, actor: str) -> Page[ContactOut]:
        """Return every contact."""
        return await self.get(Page[ContactOut], "/internal/contacts", actor=actor)

    async def add_contact(self, given: ContactIn, *, actor: str) -> ContactMade:
        """Store a contact."""
        return await self.ask(ContactMade, "POST", "/internal/contacts", actor=actor, body=given)

    async def change_contact(self, contact_id: UUID, given: ContactPatch, *, actor: str) -> ContactOut:
        """Change what is given; what is left out stays."""
        body = given.model_dump(mode="json", exclude_unset=True)
        return await self.ask(ContactOut, "PATCH", f"/internal/contacts/{contact_id}", actor=actor, body=body)

    async def remove_contact(self, contact_id: UUID, *, actor: str) -> None:
        """Delete a contact."""
        await self.call("DELETE", f"/internal/contacts/{contact_id}", actor=actor)

    async def test_contact(self, contact_id: UUID, *, actor: str) -> ContactTested:
        """Tell a contact that this is a test."""
        return await self.ask(ContactTested, "POST", f"/internal/contacts/{contact_id}/test", actor=actor, timeout=TEST_SECONDS)
