"""The past of records: what changed between two moments, why a field has its value, why a record is not there, and undoing a run."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from shared.api.authority import HandChoice
from shared.api.base import In, Out
from shared.api.filters import FilterReason
from shared.api.mapped_from import MappedFrom
from shared.events.records import Cause, ChangeKind, RecordType


class OfMoment(Out):
    """What is said of a record that was asked for as it was at a moment."""

    as_of: datetime | None = Field(default=None, description="The moment that was asked for; null: the present.")
    compacted_before: datetime | None = Field(
        default=None,
        description="Where that moment lies before it, only some of the states of then are kept: the nearest earlier one is shown.",
    )
    not_in_history: list[str] = Field(
        default_factory=list, description="Fields that are kept out of history, and so are not shown of the past."
    )


class FieldDiff(Out):
    """What a field had at the first moment and at the second, and what brought the last of its changes in between."""

    before: Any
    after: Any
    at: datetime
    revision: int
    cause: Cause


class DiffOut(Out):
    """What became of a record between two moments. Fields that are kept out of history are not looked at."""

    record_type: RecordType
    record_id: UUID
    since: datetime
    until: datetime
    existed: bool = Field(description="Whether the record was there at the first moment.")
    exists: bool = Field(description="Whether it was there at the second.")
    revisions: int = Field(description="How many revisions are kept of the time in between.")
    fields: dict[str, FieldDiff]
    compacted_before: datetime | None = Field(
        default=None,
        description="Where one of the moments lies before it, only some of the states of then are kept: the nearest earlier one was taken.",
    )


RawKept = Literal["kept", "same_as_value", "not_kept"]


class RawValue(Out):
    """What the source said. `same_as_value`: just what the field has; `not_kept` says why in `reason`."""

    state: RawKept
    value: Any = None
    cut: bool = Field(default=False, description="Whether the value was too long to be kept whole.")
    reason: str | None = None


class WhySource(Out):
    """The run that gave a field its value, and what it was made of."""

    run_id: UUID
    integration_id: UUID | None = None
    integration_name: str | None = None
    provider: str | None = None
    source_id: str | None = None
    mapping_version: int | None = None
    mapped_from: MappedFrom | None = Field(default=None, description="Where that version of the mapping takes the field from.")
    copied_from: str | None = Field(default=None, description="The field of the person that a SaaS user's field repeats.")
    raw: RawValue


WhyKind = Literal["set", "never_set", "not_in_history", "compacted", "anonymised"]


class WhyChange(Out):
    """One change of a field."""

    revision: int
    at: datetime
    kind: ChangeKind
    before: Any
    after: Any
    cause: Cause
    source: WhySource | None = Field(default=None, description="Where a run made the change.")
    proof: dict[str, Any] | None = None


class WhySaid(Out):
    """What one of those who may say something of a field says: a record of a source, or a hand."""

    by: Literal["source", "hand"]
    stands: Literal["wins", "lower", "blank", "not_asked", "overwritten"] = Field(
        description="blank: it says nothing of the field; not_asked: it has not had a run since the order was set; "
        "overwritten: a hand edit that is kept no longer."
    )
    value: Any = None
    empties: bool = Field(default=False, description="It says that the field is empty, which is more than nothing.")
    integration_id: UUID | None = None
    integration_name: str | None = None
    source_id: str | None = None
    raw: RawValue | None = None
    run_id: UUID | None = Field(default=None, description="The run that heard it say so first.")
    mapping_version: int | None = None
    hand: str | None = Field(default=None, description="Whose hand it was.")
    since: datetime | None = None


class WhyAuthority(Out):
    """Who says what of a field now, and why one of them won."""

    rule: Literal["last_writer", "order"] = Field(description="last_writer: nobody said who wins, and nothing is remembered.")
    says: str = Field(description="One sentence for people.")
    sources: list[UUID | Literal["hand"]] = Field(default_factory=list, description="The order, the highest first.")
    hand: HandChoice | None = None
    said: list[WhySaid] = Field(default_factory=list, description="The highest first.")


class WhyOut(Out):
    """Why a field has its value: the change that gave it, and those before it."""

    record_type: RecordType
    record_id: UUID
    field: str
    value: Any
    answer: WhyKind
    says: str = Field(description="One sentence for people.")
    change: WhyChange | None = None
    originally: WhyChange | None = Field(default=None, description="Where an undo put the value back: what had given it at first.")
    earlier: list[WhyChange] = Field(default_factory=list, description="The changes before, the newest first; at most 20.")
    authority: WhyAuthority | None = Field(default=None, description="Not of a field that repeats one of the person.")
    melted_from: datetime | None = Field(default=None, description="Where changes became one: when the first of them was.")


WhyNotState = Literal["there", "missing", "deleted", "rejected", "filtered", "preference", "put_away", "conflict", "ignored", "unknown"]


class HeldBackOut(Out):
    """A loss that waits in the tray."""

    id: UUID
    kind: str
    held_at: datetime
    crossed: dict[str, Any]


class HeldValue(Out):
    """A value that a record of a source says, and that is not written."""

    field: str
    value: Any
    says: str = Field(description="Who won, and why.")


class WhyNotOut(Out):
    """What became of a record of a source, and why it is not among the records where it is not."""

    integration_id: UUID
    source_id: str
    state: WhyNotState
    says: str
    remedy: str | None = None
    code: str | None = Field(default=None, description="Of one that is held back: why, for programs.")
    field: str | None = None
    since: datetime | None = None
    run_id: UUID | None = None
    page: int | None = None
    mapping_version: int | None = None
    looked_for: dict[str, str] = Field(
        default_factory=dict, description="The sync keys by which a person was looked for, as they are compared."
    )
    filter_reasons: list[FilterReason] = Field(default_factory=list, description="The conditions of the filter that it failed.")
    conflict_id: UUID | None = Field(default=None, description="Of one in conflict, or ignored: what to settle, or to reopen.")
    person_id: UUID | None = None
    saas_user_id: UUID | None = None
    held_values: list[HeldValue] = Field(
        default_factory=list, description="Values that it says and that are not written, since a source or a hand of a higher place won."
    )
    withheld: list[HeldBackOut] = Field(default_factory=list, description="Losses of its records that the guard withholds.")


class UndoIn(In):
    """How to undo: `plan` writes nothing."""

    mode: Literal["plan", "apply"] = "plan"


UndoAction = Literal["put_back", "remove", "bring_back", "keep", "nothing"]
UndoOutcome = Literal["applied", "kept", "withheld", "nothing"]
UndoState = Literal["collecting", "judging", "weighing", "planned", "applying", "done"]


class UndoOut(Out):
    """An undo, planned or made. Until its state is `planned` or `done` it is at work, and the counts grow."""

    id: UUID
    undoes: UUID = Field(description="The run, or the undo, that it undoes.")
    undoes_kind: Literal["run", "undo"]
    run_id: UUID = Field(description="The run that it all goes back to.")
    integration_id: UUID
    integration_name: str
    mode: Literal["plan", "apply"]
    state: UndoState
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None = None
    actions: dict[UndoAction, int]
    outcomes: dict[UndoOutcome, int]
    conflicts: int = Field(description="Records of which at least something is kept as it is now.")
    crossed: dict[str, Any] = Field(
        default_factory=dict, description="Where removals cross the guard's limit, and so wait in the tray: by scope."
    )


class UndoConflict(Out):
    """Something that an undo leaves as it is. Without a field it is the whole record."""

    field: str | None
    code: Literal[
        "changed_since",
        "touched_since",
        "value_taken",
        "linked_by_another",
        "saas_user_stays",
        "person_is_gone",
        "is_gone",
        "put_away",
        "out_of_archive",
    ]
    message: str
    now: Any = None
    would_be: Any = None
    revision: int | None = None
    at: datetime | None = None
    cause: Cause | None = None


class UndoItemOut(Out):
    """One record of an undo: each field with what it has and what it gets, and what is kept."""

    record_type: RecordType
    record_id: UUID
    person_id: UUID | None
    action: UndoAction | None
    fields: dict[str, tuple[Any, Any]]
    conflicts: list[UndoConflict]
    outcome: UndoOutcome | None
