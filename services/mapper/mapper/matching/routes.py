"""Routes of matching: conflicts, listed and settled."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from mapper.matching.deciding import reopen, settle
from mapper.matching.listing import list_conflicts, shown
from mapper.scope import InReading, InRequest
from shared.api.matching import ConflictState, MatchConflictOut, SettleIn
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page

router = APIRouter(prefix="/match-conflicts", tags=["matching"])


@router.get("")
async def every(
    session: InReading,
    *,
    state: ConflictState | None = None,
    integration_id: UUID | None = None,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE_SIZE,
) -> Page[MatchConflictOut]:
    """Return conflicts, the oldest first."""
    return await list_conflicts(session, state=state, integration_id=integration_id, cursor=cursor, limit=limit)


@router.get("/{conflict_id}")
async def one(conflict_id: UUID, session: InReading) -> MatchConflictOut:
    """Return one conflict."""
    return await shown(session, conflict_id)


@router.post("/{conflict_id}/settle")
async def decide(conflict_id: UUID, given: SettleIn, unit: InRequest) -> MatchConflictOut:
    """Decide whom the record belongs to."""
    return await settle(unit, conflict_id, given)


@router.post("/{conflict_id}/reopen")
async def decide_anew(conflict_id: UUID, unit: InRequest) -> MatchConflictOut:
    """Take a decision back."""
    return await reopen(unit, conflict_id)
