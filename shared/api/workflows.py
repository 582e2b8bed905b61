"""Workflows, their versions, their runs and steps."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from shared.api.base import Gap, In, Name, Out
from shared.events.records import RecordType

WorkflowState = Literal["draft", "active", "inactive"]
WorkflowRunState = Literal["running", "succeeded", "failed"]
StepState = Literal["ready", "running", "applying", "succeeded", "failed"]
Exit = Literal["success", "failure"]
WORKFLOW_DESTROYS = "workflow_destroys"
"""The code of the refusal to activate a workflow with a block that destroys, for somebody who may not."""


class BlockIn(In):
    """A block on the canvas. `settings` are checked against the block type's own schema."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")
    type: str
    name: str | None = Field(default=None, max_length=200)
    settings: dict[str, Any] = Field(default_factory=dict)


class ConnectionIn(In):
    """A line from one block's exit to another block."""

    source: str
    exit: Exit = "success"
    target: str


class DefinitionIn(In):
    """The graph: blocks and the lines between them."""

    blocks: list[BlockIn] = Field(max_length=100)
    connections: list[ConnectionIn] = Field(max_length=300)


class WorkflowIn(In):
    """A new workflow, as a draft."""

    name: Name
    description: str = Field(default="", max_length=2000)
    object_type: RecordType
    definition: DefinitionIn


class WorkflowPatch(In):
    """Changes to the draft; the active version stays as it is until the next activation."""

    name: Name | None = None
    description: str | None = Field(default=None, max_length=2000)
    definition: DefinitionIn | None = None


class WorkflowOut(Out):
    """A workflow: its draft, and which version is active."""

    id: UUID
    name: str
    description: str
    object_type: RecordType
    state: WorkflowState
    active_version: int | None
    definition: DefinitionIn
    created_at: datetime
    updated_at: datetime


class ValidationOut(Out):
    """What keeps a draft from being activated; empty when nothing does."""

    problems: list[Gap]


class BlockTypeOut(Out):
    """A kind of block, with the JSON schema of its settings: the form is drawn from it."""

    type: str
    title: str
    description: str
    destructive: bool
    exits: list[Exit]
    settings_schema: dict[str, Any]


class SweepIn(In):
    """Asks a workflow to run now over the records that match its Begin rule; `record_ids` narrows them."""

    record_ids: list[UUID] | None = Field(default=None, max_length=1000)


class SweepOut(Out):
    """What a sweep started."""

    id: UUID
    workflow_id: UUID
    version: int
    matched: int
    started: int


class StepOut(Out):
    """One block's execution within a run."""

    id: UUID
    block_id: str
    block_type: str
    state: StepState
    exit: Exit | None
    attempt: int
    message: str | None
    remedy: str | None
    evidence: dict[str, Any]
    started_at: datetime | None
    ended_at: datetime | None


class WorkflowRunOut(Out):
    """One record's way through one version of a workflow."""

    id: UUID
    workflow_id: UUID
    workflow_name: str
    version: int
    record_type: RecordType
    record_id: UUID
    state: WorkflowRunState
    exit: Exit | None = Field(description="`failure` when the run went through a Failure exit, even if it reached End.")
    message: str | None
    cause: str
    correlation_id: UUID
    started_at: datetime
    ended_at: datetime | None


class WorkflowRunDetail(WorkflowRunOut):
    """A run with its steps, in the order in which they began."""

    steps: list[StepOut]


class RunTotals(Out):
    """How many runs of a workflow are in which state."""

    running: int
    succeeded: int
    failed: int
