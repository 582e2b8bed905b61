"""Conflicts of matching: records whose sync keys name several people, each settled by a person, and remembered."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.api.base import In, Out
from shared.api.mappings import MappedType

ConflictState = Literal["open", "settled"]
Decision = Literal["choose", "create", "ignore"]


class MatchCandidateOut(Out):
    """Somebody whom the record may belong to."""

    record_id: UUID
    keys: list[str] = Field(description="The sync keys that name them.")
    name: str | None = Field(description="What they are called now; null: they are not there any more.")
    email: str | None
    linked_source_id: str | None = Field(description="The user of the same source that is this person already: they cannot be chosen.")


class MatchConflictOut(Out):
    """A record of a source that nobody could be found for without a guess."""

    id: UUID
    integration_id: UUID
    source_id: str
    object_type: MappedType
    state: ConflictState
    message: str
    candidates: list[MatchCandidateOut]
    record: dict[str, Any] | None = Field(description="The raw record as it was seen last; kept while the conflict is open.")
    run_id: UUID
    page: int
    mapping_version: int
    since: datetime
    decision: Decision | None
    chosen_id: UUID | None
    note: str | None
    decided_by: str | None
    decided_at: datetime | None
    followed: bool = Field(description="Whether a run has followed the decision: the record is linked.")
    says: str = Field(description="One sentence for people: what happens next.")


class SettleIn(In):
    """What becomes of a record in conflict, now and in every later run."""

    decision: Decision = Field(description="choose: it belongs to the record named; create: to a new one; ignore: it is skipped.")
    record_id: UUID | None = Field(default=None, description="Of the candidate that is chosen.")
    note: str | None = Field(default=None, max_length=1000)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.decision == "choose") == (self.record_id is None):
            raise ValueError("record_id names the candidate that is chosen, and nothing else")
        return self


MergeRule = Literal["kept", "filled", "united"]


class MergeIn(In):
    """Who is merged into a person. `plan` writes nothing, and shows what would become of both."""

    merge_id: UUID = Field(description="The person who is one with this one; their id leads here afterwards.")
    mode: Literal["plan", "apply"] = "plan"
    note: str | None = Field(default=None, max_length=1000)


class UnmergeIn(In):
    """How to take a merge back. `plan` writes nothing."""

    mode: Literal["plan", "apply"] = "plan"


class MergedField(Out):
    """A field in which both say something, or only the one who goes."""

    field: str
    kept: Any
    merged: Any
    result: Any
    rule: MergeRule = Field(description="kept: the value of the one who stays; filled: it had none; united: a list of both.")


class GivenBack(Out):
    """A field that changed while both were one, and to whom its value goes."""

    field: str
    value: Any
    goes_to: Literal["kept", "merged"]
    why: str


class MergeOut(Out):
    """A merge of two people, planned, made, or taken back."""

    id: UUID | None = Field(description="Null where it is only planned.")
    kept_id: UUID
    merged_id: UUID
    state: Literal["planned", "merged", "unmerged"]
    at: datetime | None = None
    by: str | None = None
    note: str | None = None
    unmerged_at: datetime | None = None
    unmerged_by: str | None = None
    fields: list[MergedField] = Field(default_factory=list, description="Of a merge that is planned or just made: what becomes of fields.")
    moved: dict[str, int] = Field(default_factory=dict, description="How many links, SaaS users and assets change hands.")
    given_back: list[GivenBack] = Field(default_factory=list, description="Of one that is taken back: fields that changed meanwhile.")
