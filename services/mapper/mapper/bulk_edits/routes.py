"""Routes of bulk edits."""

from uuid import UUID

from fastapi import APIRouter

from mapper.bulk_edits.bulk_edits import apply, preview, read
from mapper.scope import InParts, InReading, InRequest
from shared.api.bulk_edits import BulkEditIn, BulkEditOut

router = APIRouter(prefix="/bulk-edits", tags=["bulk-edits"])


@router.post("", status_code=201)
async def look(given: BulkEditIn, unit: InRequest, parts: InParts) -> BulkEditOut:
    """Say what a bulk edit would change, and keep it to be applied."""
    return await preview(unit, given, parts.at(), most=parts.most_at_once)


@router.get("/{bulk_edit_id}")
async def show(bulk_edit_id: UUID, session: InReading) -> BulkEditOut:
    """Return a bulk edit."""
    return await read(session, bulk_edit_id)


@router.post("/{bulk_edit_id}/apply")
async def make(bulk_edit_id: UUID, unit: InRequest, parts: InParts) -> BulkEditOut:
    """Make a bulk edit of the records that its preview showed."""
    return await apply(unit, bulk_edit_id, parts.at(), parts.limits, most=parts.most_at_once)
