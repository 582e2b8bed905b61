"""Authority: which source wins for a field, and whether hand edits are kept."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from shared.api.base import In, Out
from shared.events.records import RecordType

Hand = Literal["hand"]
HandChoice = Literal["keep", "overwrite"]
WHAT_BECOMES = (
    "keep: a hand edit stays until the field is given back to its sources; overwrite: the next run that says otherwise overwrites it."
)


class HandChoiceIn(In):
    """What becomes of hand edits of all fields of an object type that say nothing else themselves."""

    hand: HandChoice | None = Field(
        default=None, description=f"{WHAT_BECOMES} Null: it stays until a source says something new of the record."
    )


class AuthorityIn(In):
    """Who wins for a field: `sources` are integrations, the highest first; `hand` may stand among them."""

    sources: list[UUID | Hand] = Field(
        default_factory=list,
        max_length=50,
        description="Integrations that are not named come after these; among themselves the one that said something new last wins.",
    )
    hand: HandChoice | None = Field(default=None, description=f"{WHAT_BECOMES} Null: as the object type says.")

    @model_validator(mode="after")
    def _goes_together(self) -> "AuthorityIn":
        if len(set(self.sources)) < len(self.sources):
            raise ValueError("names a source twice in sources")
        if "hand" in self.sources and self.hand == "overwrite":
            raise ValueError("gives the hand a place in sources, and says that hand edits are overwritten: leave out one of the two")
        return self


class AuthorityOut(Out):
    """Who wins for a field; or, without a field, what becomes of hand edits of an object type."""

    object_type: RecordType
    field: str | None = Field(description="Null: of all fields that say nothing else.")
    sources: list[UUID | Hand]
    hand: HandChoice | None
    changed_at: datetime
    changed_by: str


class HandEditOut(Out):
    """A hand edit that is kept."""

    object_type: RecordType
    record_id: UUID
    field: str
    value: Any
    by: str
    at: datetime
