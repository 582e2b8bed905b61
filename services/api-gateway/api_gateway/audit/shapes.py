"""What the audit answers."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from shared.api.base import Out


class AuditEntry(Out):
    """One call that changed something, or tried to."""

    position: int
    at: datetime
    account: str
    token_id: UUID
    method: str
    route: str = Field(description="The route as the API names it.")
    target: str = Field(description="The path that was called, without its query.")
    status: int
    correlation_id: UUID
