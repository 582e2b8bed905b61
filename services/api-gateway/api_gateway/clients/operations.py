"""What the gateway asks the connector to do at a source."""

from api_gateway.clients.internal import InternalClient, steps
from shared.api.sources import OperationIn, OperationOut

SECONDS = 660.0
"""Longer than any operation may take: the connector ends it and says what is known."""


class OperationsClient(InternalClient):
    """Operations at sources."""

    audience = "connector"

    async def carry_out(self, provider: str, operation: str, given: OperationIn, *, actor: str) -> OperationOut:
        """Do one thing, at most once for one key."""
        path = f"/internal/operations/{steps(provider, operation)}"
        return await self.ask(OperationOut, "POST", path, actor=actor, body=given, timeout=SECONDS)
