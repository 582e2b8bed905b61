"""What the gateway asks the mapper about the guard: the tray of withheld losses."""

from api_gateway.clients.internal import InternalClient
from api_gateway.clients.listing import WithheldQuery
from shared.api.guard import DiscardOut, ReleaseIn, ReleaseOut, WithheldChoice, WithheldOut
from shared.http.paging import Page

DECIDING_SECONDS = 120.0
"""A tray may hold thousands of losses, and each that is released is made before the answer comes."""


class GuardClient(InternalClient):
    """What is withheld, and the decisions on it."""

    audience = "mapper"

    async def withheld(self, ask: WithheldQuery, *, actor: str) -> Page[WithheldOut]:
        """Return the tray, oldest first."""
        return await self.get(Page[WithheldOut], "/internal/withheld", actor=actor, **ask.params())

    async def release(self, given: ReleaseIn, *, actor: str) -> ReleaseOut:
        """Make losses that were withheld."""
        return await self.ask(ReleaseOut, "POST", "/internal/withheld/release", actor=actor, body=given, timeout=DECIDING_SECONDS)

    async def discard(self, given: WithheldChoice, *, actor: str) -> DiscardOut:
        """Let the records be."""
        return await self.ask(DiscardOut, "POST", "/internal/withheld/discard", actor=actor, body=given, timeout=DECIDING_SECONDS)
