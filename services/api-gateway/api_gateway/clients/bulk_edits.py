"""What the gateway asks the mapper about bulk edits."""

from uuid import UUID

from api_gateway.clients.internal import InternalClient
from shared.api.bulk_edits import BulkEditIn, BulkEditOut


class BulkEditsClient(InternalClient):
    """The same change of many records."""

    audience = "mapper"

    async def preview(self, given: BulkEditIn, *, actor: str) -> BulkEditOut:
        """Say what a bulk edit would change, and keep it."""
        return await self.ask(BulkEditOut, "POST", "/internal/bulk-edits", actor=actor, body=given)

    async def one(self, bulk_edit_id: UUID, *, actor: str) -> BulkEditOut:
        """Return a bulk edit."""
        return await self.get(BulkEditOut, f"/internal/bulk-edits/{bulk_edit_id}", actor=actor)

    async def apply(self, bulk_edit_id: UUID, *, actor: str) -> BulkEditOut:
        """Make a bulk edit."""
        path = f"/internal/bulk-edits/{bulk_edit_id}/apply"
        return await self.ask(BulkEditOut, "POST", path, actor=actor, timeout=PATIENCE)


PATIENCE = 300.0
"""Seconds: a bulk edit of the most records that may be set takes longer than any other call."""
