"""The guard on losses: the tray of what is withheld, and the leave that destructive steps ask for."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from shared.api.base import In, Out
from shared.events.records import Cause, RecordType

LossKind = Literal["missing", "deactivated", "deleted_in_source", "removed"]
WithheldState = Literal["held", "released", "discarded", "moot"]
WITHHELD_CODE = "withheld_by_guard"
"""The code of everything that the guard stopped."""


class CrossedOut(Out):
    """The limit that a batch of losses would have crossed."""

    window: str = Field(description="The moving window: 24 hours or 7 days.")
    limit: int = Field(description="How many records may be lost within the window.")
    living: int = Field(description="The records of which the limit is a share: those that live, and those lost within the window.")
    before: int = Field(description="Records that were lost within the window before, or that wait in the tray.")
    asked: int = Field(description="Records that this batch would have added.")


class WithheldOut(Out):
    """One loss in the tray: nothing about its record has changed. `moot`: the user was seen again, or is lost already."""

    id: UUID
    state: WithheldState
    kind: LossKind
    record_type: RecordType
    record_id: UUID
    email: str | None = None
    full_name: str | None = None
    saas_instance_id: UUID | None = None
    integration_id: UUID | None = None
    source_id: str | None = None
    proof: dict[str, Any] | None = Field(default=None, description="The question asked at the source, and its answer.")
    proven_at: datetime | None = None
    rule: dict[str, Any] | None = Field(default=None, description="The rule of the workflow's Begin, where a workflow asked.")
    cause: Cause
    crossed: CrossedOut
    held_at: datetime
    seen_at: datetime = Field(description="When it was last asked for.")
    decided_at: datetime | None = None
    decided_by: str | None = None
    used_at: datetime | None = Field(default=None, description="When a released deletion was given its leave.")


class WithheldChoice(In):
    """Which entries of the tray: named ones, or all that a SaaS instance or an integration has in it."""

    ids: list[UUID] | None = Field(default=None, min_length=1, max_length=1000)
    saas_instance_id: UUID | None = None
    integration_id: UUID | None = Field(default=None, description="The tray of people who are in no SaaS instance.")

    @model_validator(mode="after")
    def _one_way(self) -> "WithheldChoice":
        if sum(way is not None for way in (self.ids, self.saas_instance_id, self.integration_id)) != 1:
            raise ValueError("give one of ids, saas_instance_id and integration_id")
        return self


class ReleaseIn(WithheldChoice):
    """What to release."""

    force: bool = Field(default=False, description="Also release what was proven too long ago.")


class NotReleased(Out):
    """An entry that stays in the tray, and why."""

    id: UUID
    code: str
    message: str
    remedy: str


class ReleaseOut(Out):
    """What became of the entries. Of a whole tray, one that was decided before is not counted at all: nothing happens twice."""

    released: int = 0
    moot: int = Field(default=0, description="Entries whose user was seen again, or is lost already: nothing is left to do.")
    refused: int = 0
    reasons: list[NotReleased] = Field(default_factory=list, description="Why, for the first 100 that were refused.")


class DiscardOut(Out):
    """How many entries were discarded. What the source or a workflow says again comes back as a new entry."""

    discarded: int


class LeaveAsk(In):
    """One step that is about to destroy something at the source."""

    key: str = Field(min_length=1, max_length=100, description="The step's idempotency key: asked again, it is the same leave.")
    record_id: UUID
    kind: Literal["deleted_in_source"] = "deleted_in_source"
    cause: Cause
    rule: dict[str, Any] | None = None


class LeaveIn(In):
    """Steps that ask together: they pass together, or none of them does."""

    asks: list[LeaveAsk] = Field(min_length=1, max_length=200)


class SourceLeaveIn(In):
    """One operation that is about to destroy a user at a source, asked for by somebody instead of a workflow."""

    key: str = Field(
        min_length=1, max_length=100, description="Made of the operation's idempotency key: asked again, it is the same leave."
    )
    source_id: str = Field(min_length=1, max_length=200)
    integration_ids: list[UUID] = Field(max_length=10_000, description="The integrations whose source it is.")
    cause: Cause


class LeaveGiven(In):
    """A leave that a step was given."""

    key: str = Field(min_length=1, max_length=100)
    record_id: UUID


class LeaveBackIn(In):
    """Leaves that steps did not use: nothing was destroyed, so nothing is counted."""

    leaves: list[LeaveGiven] = Field(min_length=1, max_length=200)


class LeaveAnswer(Out):
    """Whether a step may act."""

    key: str
    outcome: Literal["allowed", "withheld"]
    message: str | None = None
    remedy: str | None = None


class LeaveOut(Out):
    """One answer for each ask whose record is there."""

    answers: list[LeaveAnswer]


class SourceLeaveOut(Out):
    """Whether an operation may act, and the leaves to give back when it destroyed nothing. No record has this user: it may, with none."""

    outcome: Literal["allowed", "withheld"]
    message: str | None = None
    leaves: list[LeaveGiven] = Field(default_factory=list)
