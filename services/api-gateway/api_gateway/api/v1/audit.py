"""What was changed through the API, and by whom."""

from fastapi import APIRouter

from api_gateway.api.v1.paging import after, page_of
from api_gateway.api.v1.routing import Count, Cursor, Limit, subject
from api_gateway.audit.audit import count_entries, list_entries
from api_gateway.audit.shapes import AuditEntry
from api_gateway.scope import InReading
from shared.http.paging import PAGE_SIZE, Page

router: APIRouter = subject("/audit", "audit")


@router.get("")
async def list_all(session: InReading, cursor: Cursor = None, limit: Limit = PAGE_SIZE, count: Count = False) -> Page[AuditEntry]:
    """Return every call that changed something or tried to, the newest first."""
    found = await list_entries(session, before=after(cursor, int), limit=limit + 1)
    return page_of(found, limit, lambda entry: entry.position, await count_entries(session) if count else None)
