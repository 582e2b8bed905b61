"""Bulk edits: the same change of many records, looked at before it is made."""

from uuid import UUID

from fastapi import APIRouter

from api_gateway.api.v1.routing import subject
from api_gateway.scope import InAccount, InParts
from shared.api.bulk_edits import BulkEditIn, BulkEditOut

router: APIRouter = subject("/bulk-edits", "bulk edits")


@router.post("", status_code=201)
async def preview_bulk_edit(given: BulkEditIn, parts: InParts, account: InAccount) -> BulkEditOut:
    """Say what a bulk edit would change, with examples, and keep it to be applied. No record changes yet."""
    return await parts.bulk_edits.preview(given, actor=account.name)


@router.get("/{bulk_edit_id}")
async def read_bulk_edit(bulk_edit_id: UUID, parts: InParts, account: InAccount) -> BulkEditOut:
    """Return a bulk edit: what it would do, or what it did."""
    return await parts.bulk_edits.one(bulk_edit_id, actor=account.name)


@router.post("/{bulk_edit_id}/apply")
async def apply_bulk_edit(bulk_edit_id: UUID, parts: InParts, account: InAccount) -> BulkEditOut:
    """Make a bulk edit, all of it or nothing; refused when the records have changed since the preview. Made once, however often asked."""
    return await parts.bulk_edits.apply(bulk_edit_id, actor=account.name)
