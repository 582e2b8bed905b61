"""What saved views are told and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from shared.api.base import Name, Out
from shared.api.lists import ListIn
from shared.events.records import RecordType

ViewRole = Literal["viewer", "operator", "admin"]


def _in_order(roles: list[ViewRole]) -> list[ViewRole]:
    return sorted(set(roles))


class ViewIn(ListIn):
    """A list to be kept under a name."""

    name: Name
    object_type: RecordType = "person"
    shared_with: Annotated[list[ViewRole], AfterValidator(_in_order)] = Field(
        default=[], max_length=3, description="Accounts of these roles, and of those above them, see the view too."
    )


class ViewOut(Out):
    """A saved view."""

    id: UUID
    name: str
    object_type: RecordType
    owner: str = Field(description="The name of the account that keeps it; it alone changes it, or an admin does.")
    shared_with: list[ViewRole]
    rule: dict[str, Any] | None
    search: str | None
    sort: str | None
    fields: list[str] | None
    created_at: datetime
    updated_at: datetime

    def list(self) -> ListIn:
        """Return the list that it names."""
        return ListIn(rule=self.rule, search=self.search, sort=self.sort, fields=self.fields)
