"""What changed in the records: the batch that workflows, webhooks and live views listen to."""

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import override

from shared.events.base import Event, Part

RecordType = Literal["person", "saas_user", "asset"]
ChangeKind = Literal[
    "created",
    "updated",
    "missing",
    "returned",
    "deactivated",
    "deleted_in_source",
    "archived",
    "restored",
    "anonymised",
    "undone",
    "removed",
    "merged",
    "unmerged",
]


class Cause(Part):
    """Why a record changed: a sync run, a workflow step, somebody's hand, the undo of a run, or a merge."""

    kind: Literal["run", "workflow_step", "user", "undo", "compaction", "merge"]
    id: str = Field(description="The run, the step, the request or the undo that did it.")
    actor: str = Field(description="In whose name: the integration user, the workflow, or the account.")
    detail: str | None = Field(default=None, description="One line for people: which integration, workflow or block.")


class Change(Part):
    """One record's change, as one revision."""

    record_id: UUID
    revision: int = Field(description="Counts up by one with each change of this record; 1 is its creation.")
    kind: ChangeKind
    fields: dict[str, tuple[Any, Any]] = Field(description="What it was and what it is now, by field.")
    after: dict[str, Any] = Field(description="The record's flat field values after the change, as rules see them.")
    baseline: dict[str, Any] | None = Field(
        default=None,
        description="Values to which a changed configuration alone would have led, by field: what leads only so far starts no workflow. "
        "None: no configuration had a part in this change.",
    )


class RecordsChanged(Event):
    """The records that one transaction changed. Fields that are kept out of history never appear."""

    topic: ClassVar[str] = "records.changed.v1"
    told_by: ClassVar[str] = "mapper"
    together: ClassVar[bool] = True

    record_type: RecordType
    cause: Cause
    initial: bool = Field(
        default=False,
        description="Part of an integration's first load, of an undo, or of a changed configuration: no workflow may start because of it.",
    )
    at: datetime
    changes: list[Change]

    @property
    @override
    def key(self) -> str:
        return self.record_type

    @property
    @override
    def summary(self) -> str:
        return f"{len(self.changes)} records of type {self.record_type} changed"


class RecordsWithheld(Event):
    """The guard put losses into a tray that was empty. What is added to a tray that holds something is not told again."""

    topic: ClassVar[str] = "records.withheld.v1"
    told_by: ClassVar[str] = "mapper"
    needed: ClassVar[bool] = False

    saas_instance_id: UUID | None = Field(default=None, description="Whose tray it is; without one, it is the integration's.")
    integration_id: UUID | None = None
    record_type: RecordType
    kind: Literal["missing", "deactivated", "deleted_in_source", "removed"]
    records: int = Field(description="How many records the first batch in the tray holds.")
    cause: Cause
    window: str = Field(description="The moving window whose limit would have been crossed.")
    limit: int
    living: int
    before: int = Field(description="Records that were lost within the window before.")
    tray: int = Field(default=0, description="Which tray of its scope it is: they are counted. 0: told before they were.")

    @property
    @override
    def key(self) -> str:
        return str(self.saas_instance_id or self.integration_id)

    @property
    @override
    def summary(self) -> str:
        return f"{self.records} losses of type {self.record_type} withheld: {self.limit} pass in {self.window}, {self.before} went before"


class TrayEmptied(Event):
    """Nothing waits in a tray any more: each of its losses was released, discarded, or stands no longer."""

    topic: ClassVar[str] = "records.tray.emptied.v1"
    told_by: ClassVar[str] = "mapper"
    needed: ClassVar[bool] = False

    saas_instance_id: UUID | None = Field(default=None, description="Whose tray it was; without one, it was the integration's.")
    integration_id: UUID | None = None
    tray: int = Field(ge=1, description="Which tray of its scope it was, as `records.withheld.v1` said.")
    released: int = Field(ge=0, description="Losses that somebody let through.")
    discarded: int = Field(ge=0, description="Losses that somebody threw away.")
    moot: int = Field(ge=0, description="Losses that stand no longer: their users were seen again, or are lost already.")

    @property
    @override
    def key(self) -> str:
        return str(self.saas_instance_id or self.integration_id)

    @property
    @override
    def summary(self) -> str:
        return f"a tray is empty: {self.released} losses released, {self.discarded} discarded, {self.moot} moot"
