"""What the workflow engine tells: steps that wait for a worker, changes it wants in records, runs that ended."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import override

from shared.events.base import Event, Part
from shared.events.records import Cause, RecordType


class StepsReady(Event):
    """Steps were stored and wait for a worker; any replica may take them. The rows are the truth, this only wakes."""

    topic: ClassVar[str] = "workflow.steps.ready.v1"
    told_by: ClassVar[str] = "workflow-engine"

    step_ids: list[UUID]

    @property
    @override
    def key(self) -> str:
        return str(self.id)

    @property
    @override
    def summary(self) -> str:
        return f"{len(self.step_ids)} steps ready"


class RecordChangeRequest(Part):
    """What one step wants to see changed in one record."""

    step_id: UUID = Field(description="Names the request: the answer carries it back.")
    record_id: UUID
    action: Literal["set_roles", "deactivate", "mark_deleted_in_source", "set_fields"]
    roles: list[str] | None = None
    role_ids: dict[str, str] | None = Field(default=None, description="By role: the id that the SaaS gives it.")
    fields: dict[str, Any] | None = None
    proof: dict[str, Any] | None = Field(default=None, description="Kept with the revision: the question asked and the answer read back.")
    rule: dict[str, Any] | None = Field(default=None, description="The rule of the workflow's Begin: evidence, if the guard withholds it.")
    cause: Cause


class RecordChangesRequested(Event):
    """Workflow steps reached the point where records must change; the mapper does it and answers."""

    topic: ClassVar[str] = "workflow.changes.requested.v1"
    told_by: ClassVar[str] = "workflow-engine"

    record_type: RecordType
    requests: list[RecordChangeRequest]

    @property
    @override
    def key(self) -> str:
        return self.record_type

    @property
    @override
    def summary(self) -> str:
        return f"{len(self.requests)} changes of type {self.record_type} requested by workflows"


class RecordChangeAnswer(Part):
    """What the mapper did with one request."""

    step_id: UUID
    record_id: UUID
    outcome: Literal["applied", "unchanged", "refused"]
    code: str | None = None
    message: str | None = None
    remedy: str | None = None


class RecordChangesApplied(Event):
    """The mapper's answers to `RecordChangesRequested`, one for each request."""

    topic: ClassVar[str] = "records.changes.applied.v1"
    told_by: ClassVar[str] = "mapper"

    answers: list[RecordChangeAnswer]

    @property
    @override
    def key(self) -> str:
        return str(self.causation_id or self.id)

    @property
    @override
    def summary(self) -> str:
        return f"{len(self.answers)} requested changes answered"


class EndedRun(Part):
    """One workflow run that ended."""

    run_id: UUID
    record_id: UUID
    state: Literal["succeeded", "failed"]
    message: str | None = None


class WorkflowRunsEnded(Event):
    """Workflow runs reached an End block, or stopped on a failure that no exit handles."""

    topic: ClassVar[str] = "workflow.runs.ended.v1"
    told_by: ClassVar[str] = "workflow-engine"
    needed: ClassVar[bool] = False

    workflow_id: UUID
    version: int
    record_type: RecordType
    runs: list[EndedRun]

    @property
    @override
    def key(self) -> str:
        return str(self.workflow_id)

    @property
    @override
    def summary(self) -> str:
        return f"{len(self.runs)} workflow runs ended"
