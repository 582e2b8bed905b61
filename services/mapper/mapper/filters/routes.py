"""Routes of filters."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from mapper.filters.kept import list_filtered
from mapper.scope import InReading
from shared.api.filters import FilteredOut
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page

router = APIRouter(prefix="/runs", tags=["runs"])


@router.get("/{run_id}/filtered")
async def filtered(
    run_id: UUID,
    session: InReading,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE_SIZE,
) -> Page[FilteredOut]:
    """Return the records that the filter held back during a run, as far as they are kept."""
    return await list_filtered(session, run_id, cursor=cursor, limit=limit)
