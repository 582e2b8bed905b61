"""What the gateway asks the workflow engine: blocks, workflows and their runs."""

from uuid import UUID

from api_gateway.clients.internal import InternalClient
from api_gateway.clients.listing import ListQuery
from shared.api.sources import Preset
from shared.api.workflows import (
    BlockTypeOut,
    RunTotals,
    SweepIn,
    SweepOut,
    ValidationOut,
    WorkflowIn,
    WorkflowOut,
    WorkflowPatch,
    WorkflowRunDetail,
    WorkflowRunOut,
    WorkflowRunState,
)
from shared.http.paging import Page

SWEEP_SECONDS = 300.0
"""A sweep answers when all its runs are stored: with many records that takes longer than another call."""


class WorkflowEngineClient(InternalClient):
    """Everything that is about workflows."""

    audience = "workflow-engine"

    async def blocks(self, *, actor: str) -> Page[BlockTypeOut]:
        """Return the block types."""
        return await self.get(Page[BlockTypeOut], "/internal/blocks", actor=actor)

    async def presets(self, *, actor: str) -> Page[Preset]:
        """Return the presets of the blocks."""
        return await self.get(Page[Preset], "/internal/presets", actor=actor)

    async def workflows(self, ask: ListQuery, *, actor: str) -> Page[WorkflowOut]:
        """Return the workflows, the newest first."""
        return await self.get(Page[WorkflowOut], "/internal/workflows", actor=actor, **ask.params())

    async def add_workflow(self, given: WorkflowIn, *, actor: str) -> WorkflowOut:
        """Store a draft."""
        return await self.ask(WorkflowOut, "POST", "/internal/workflows", actor=actor, body=given)

    async def workflow(self, workflow_id: UUID, *, actor: str) -> WorkflowOut:
        """Return one workflow."""
        return await self.get(WorkflowOut, f"/internal/workflows/{workflow_id}", actor=actor)

    async def change_workflow(self, workflow_id: UUID, given: WorkflowPatch, *, actor: str) -> WorkflowOut:
        """Change what is given in the draft."""
        body = given.model_dump(mode="json", exclude_unset=True)
        return await self.ask(WorkflowOut, "PATCH", f"/internal/workflows/{workflow_id}", actor=actor, body=body)

    async def validate_workflow(self, workflow_id: UUID, *, actor: str) -> ValidationOut:
        """Return what keeps the draft from being activated."""
        return await self.ask(ValidationOut, "POST", f"/internal/workflows/{workflow_id}/validate", actor=actor)

    async def activate_workflow(self, workflow_id: UUID, *, destructive: bool, actor: str) -> WorkflowOut:
        """Activate a workflow. Raises `Forbidden` when it destroys and that is not allowed."""
        path = f"/internal/workflows/{workflow_id}/activate"
        return await self.ask(WorkflowOut, "POST", path, actor=actor, params={"destructive": destructive})

    async def deactivate_workflow(self, workflow_id: UUID, *, actor: str) -> WorkflowOut:
        """Deactivate a workflow."""
        return await self.ask(WorkflowOut, "POST", f"/internal/workflows/{workflow_id}/deactivate", actor=actor)

    async def sweep(self, workflow_id: UUID, given: SweepIn, *, actor: str) -> SweepOut:
        """Run a workflow now for the records that match its Begin rule."""
        path = f"/internal/workflows/{workflow_id}/sweeps"
        return await self.ask(SweepOut, "POST", path, actor=actor, body=given, timeout=SWEEP_SECONDS)

    async def runs(
        self, workflow_id: UUID, ask: ListQuery, *, state: WorkflowRunState | None, record_id: UUID | None, actor: str
    ) -> Page[WorkflowRunOut]:
        """Return a workflow's runs, the newest first."""
        narrowed = {"state": state, "record_id": None if record_id is None else str(record_id)}
        path = f"/internal/workflows/{workflow_id}/runs"
        return await self.get(Page[WorkflowRunOut], path, actor=actor, **ask.params(), **narrowed)

    async def totals(self, workflow_id: UUID, *, actor: str) -> RunTotals:
        """Return how many runs of a workflow are in which state."""
        return await self.get(RunTotals, f"/internal/workflows/{workflow_id}/totals", actor=actor)

    async def run(self, run_id: UUID, *, actor: str) -> WorkflowRunDetail:
        """Return one run with its steps."""
        return await self.get(WorkflowRunDetail, f"/internal/workflow-runs/{run_id}", actor=actor)
