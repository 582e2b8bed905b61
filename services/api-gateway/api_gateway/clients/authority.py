"""What the gateway asks the mapper about who wins for a field."""

from api_gateway.clients.internal import InternalClient
from shared.api.authority import AuthorityIn, AuthorityOut, HandChoiceIn, HandEditOut
from shared.events.records import RecordType
from shared.http.paging import Page


class AuthorityClient(InternalClient):
    """The order of sources, and what becomes of hand edits."""

    audience = "mapper"

    async def every(self, object_type: RecordType | None, *, actor: str) -> Page[AuthorityOut]:
        """Return who wins for which fields."""
        return await self.get(Page[AuthorityOut], "/internal/authority", actor=actor, object_type=object_type)

    async def choose_for_all(self, object_type: RecordType, given: HandChoiceIn, *, actor: str) -> AuthorityOut:
        """Say what becomes of hand edits of all fields of a type that say nothing else."""
        return await self.ask(AuthorityOut, "PUT", f"/internal/authority/{object_type}", actor=actor, body=given)

    async def choose(self, object_type: RecordType, field: str, given: AuthorityIn, *, actor: str) -> AuthorityOut:
        """Say who wins for a field."""
        return await self.ask(AuthorityOut, "PUT", f"/internal/authority/{object_type}/{field}", actor=actor, body=given)

    async def hand_edits(
        self, object_type: RecordType, field: str | None, *, cursor: str | None, limit: int, actor: str
    ) -> Page[HandEditOut]:
        """Return the hand edits that are kept."""
        wanted = {"object_type": object_type, "field": field, "cursor": cursor, "limit": limit}
        return await self.get(Page[HandEditOut], "/internal/authority/hand-edits", actor=actor, **wanted)
