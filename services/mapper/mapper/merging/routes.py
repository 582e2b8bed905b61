"""Routes of merging people."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from mapper.merging.listing import list_merges, read_merge
from mapper.merging.merging import merge
from mapper.merging.unmerging import unmerge
from mapper.scope import InReading, InRequest
from shared.api.matching import MergeIn, MergeOut, UnmergeIn
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page

router = APIRouter(tags=["merging"])


@router.post("/people/{person_id}/merge")
async def merge_people(person_id: UUID, given: MergeIn, unit: InRequest) -> MergeOut:
    """Merge another person into this one, or say what that would do."""
    return await merge(unit, person_id, given)


@router.get("/merges")
async def every(
    session: InReading,
    *,
    person_id: UUID | None = None,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE_SIZE,
) -> Page[MergeOut]:
    """Return merges, the newest first."""
    return await list_merges(session, person_id=person_id, cursor=cursor, limit=limit)


@router.get("/merges/{merge_id}")
async def one(merge_id: UUID, session: InReading) -> MergeOut:
    """Return one merge."""
    return await read_merge(session, merge_id)


@router.post("/merges/{merge_id}/unmerge")
async def take_back(merge_id: UUID, given: UnmergeIn, unit: InRequest) -> MergeOut:
    """Let both be two again, or say what that would do."""
    return await unmerge(unit, merge_id, given)
