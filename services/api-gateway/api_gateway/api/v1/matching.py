"""Matching: records of which it is not certain whom they belong to, settled by a person."""

from uuid import UUID

from fastapi import APIRouter

from api_gateway.api.v1.routing import Cursor, Limit, subject
from api_gateway.scope import InAccount, InParts
from shared.api.matching import ConflictState, MatchConflictOut, SettleIn
from shared.http.paging import PAGE_SIZE, Page

router: APIRouter = subject("/match-conflicts", "matching")


@router.get("")
async def list_conflicts(
    parts: InParts,
    account: InAccount,
    *,
    state: ConflictState | None = None,
    integration_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_SIZE,
) -> Page[MatchConflictOut]:
    """Return records whose sync keys name somebody of whom it is not certain that they are meant, the oldest first."""
    return await parts.matching.conflicts(state=state, integration_id=integration_id, cursor=cursor, limit=limit, actor=account.name)


@router.get("/{conflict_id}")
async def read_conflict(conflict_id: UUID, parts: InParts, account: InAccount) -> MatchConflictOut:
    """Return one conflict: the record, whom it may belong to and by which keys, and what was decided."""
    return await parts.matching.conflict(conflict_id, actor=account.name)


@router.post("/{conflict_id}/settle")
async def settle(conflict_id: UUID, given: SettleIn, parts: InParts, account: InAccount) -> MatchConflictOut:
    """Decide whom a record belongs to. Every later run follows; a replay of the run's error does so at once."""
    return await parts.matching.settle(conflict_id, given, actor=account.name)


@router.post("/{conflict_id}/reopen")
async def reopen(conflict_id: UUID, parts: InParts, account: InAccount) -> MatchConflictOut:
    """Take a decision back that no run has followed yet."""
    return await parts.matching.reopen(conflict_id, actor=account.name)
