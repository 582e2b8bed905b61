"""What the gateway asks the mapper about matching: conflicts with the decisions on them, and people who are merged."""

from uuid import UUID

from api_gateway.clients.internal import InternalClient
from shared.api.matching import ConflictState, MatchConflictOut, MergeIn, MergeOut, SettleIn, UnmergeIn
from shared.http.paging import Page


class MatchingClient(InternalClient):
    """Records of which it is not certain whom they belong to."""

    audience = "mapper"

    async def conflicts(
        self, *, state: ConflictState | None, integration_id: UUID | None, cursor: str | None, limit: int, actor: str
    ) -> Page[MatchConflictOut]:
        """Return conflicts, the oldest first."""
        wanted = {"state": state, "integration_id": integration_id, "cursor": cursor, "limit": limit}
        return await self.get(Page[MatchConflictOut], "/internal/match-conflicts", actor=actor, **wanted)

    async def conflict(self, conflict_id: UUID, *, actor: str) -> MatchConflictOut:
        """Return one conflict."""
        return await self.get(MatchConflictOut, f"/internal/match-conflicts/{conflict_id}", actor=actor)

    async def settle(self, conflict_id: UUID, given: SettleIn, *, actor: str) -> MatchConflictOut:
        """Decide on a conflict."""
        return await self.ask(MatchConflictOut, "POST", f"/internal/match-conflicts/{conflict_id}/settle", actor=actor, body=given)

    async def reopen(self, conflict_id: UUID, *, actor: str) -> MatchConflictOut:
        """Take a decision back."""
        return await self.ask(MatchConflictOut, "POST", f"/internal/match-conflicts/{conflict_id}/reopen", actor=actor)

    async def merge(self, person_id: UUID, given: MergeIn, *, actor: str) -> MergeOut:
        """Merge another person into this one, or say what that would do."""
        return await self.ask(MergeOut, "POST", f"/internal/people/{person_id}/merge", actor=actor, body=given)

    async def merges(self, *, person_id: UUID | None, cursor: str | None, limit: int, actor: str) -> Page[MergeOut]:
        """Return merges, the newest first."""
        return await self.get(Page[MergeOut], "/internal/merges", actor=actor, person_id=person_id, cursor=cursor, limit=limit)

    async def one_merge(self, merge_id: UUID, *, actor: str) -> MergeOut:
        """Return one merge."""
        return await self.get(MergeOut, f"/internal/merges/{merge_id}", actor=actor)

    async def unmerge(self, merge_id: UUID, given: UnmergeIn, *, actor: str) -> MergeOut:
        """Let both be two again, or say what that would do."""
        return await self.ask(MergeOut, "POST", f"/internal/merges/{merge_id}/unmerge", actor=actor, body=given)
