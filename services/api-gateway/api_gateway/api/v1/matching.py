"""Matching: records of which it is not certain whom they belong to, settled by a person; and people who are merged."""

from uuid import UUID

from fastapi import APIRouter

from api_gateway.api.v1.routing import Cursor, Limit, subject
from api_gateway.scope import InAccount, InParts
from shared.api.matching import ConflictState, MatchConflictOut, MergeIn, MergeOut, SettleIn, UnmergeIn
from shared.http.paging import PAGE_SIZE, Page

router: APIRouter = subject("/match-conflicts", "matching")
people: APIRouter = subject("/people", "matching")
merges: APIRouter = subject("/merges", "matching")


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


@people.post("/{person_id}/merge")
async def merge(person_id: UUID, given: MergeIn, parts: InParts, account: InAccount) -> MergeOut:
    """Merge another person into this one, or say what that would do. The other one's id leads here afterwards."""
    return await parts.matching.merge(person_id, given, actor=account.name)


@merges.get("")
async def list_merges(
    parts: InParts, account: InAccount, *, person_id: UUID | None = None, cursor: Cursor = None, limit: Limit = PAGE_SIZE
) -> Page[MergeOut]:
    """Return merges, the newest first, also those that were taken back."""
    return await parts.matching.merges(person_id=person_id, cursor=cursor, limit=limit, actor=account.name)


@merges.get("/{merge_id}")
async def read_merge(merge_id: UUID, parts: InParts, account: InAccount) -> MergeOut:
    """Return one merge."""
    return await parts.matching.one_merge(merge_id, actor=account.name)


@merges.post("/{merge_id}/unmerge")
async def unmerge(merge_id: UUID, given: UnmergeIn, parts: InParts, account: InAccount) -> MergeOut:
    """Let both be two again, each with what its own sources said; or say what that would do."""
    return await parts.matching.unmerge(merge_id, given, actor=account.name)
