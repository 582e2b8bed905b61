"""Blocks, workflows and their runs: what the workflow engine does."""

from uuid import UUID

from fastapi import APIRouter

from api_gateway.api.v1.routing import Count, Cursor, Limit, subject
from api_gateway.auth.access import ACTIVATES_WHAT_DESTROYS, RoleNeeded, reaches
from api_gateway.clients.listing import ListQuery
from api_gateway.scope import InAccount, InParts
from shared.api.sources import Preset
from shared.api.workflows import (
    WORKFLOW_DESTROYS,
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
from shared.errors import Forbidden
from shared.http.paging import PAGE_SIZE, Page

blocks: APIRouter = subject("/blocks", "blocks")
presets: APIRouter = subject("/presets", "blocks")
workflows: APIRouter = subject("/workflows", "workflows")
workflow_runs: APIRouter = subject("/workflow-runs", "workflow runs")


@blocks.get("")
async def list_blocks(parts: InParts, account: InAccount) -> Page[BlockTypeOut]:
    """Return the block types there are, with the schemas of their forms."""
    return await parts.workflow_engine.blocks(actor=account.name)


@presets.get("")
async def list_presets(parts: InParts, account: InAccount) -> Page[Preset]:
    """Return the presets that the kinds of sources offer."""
    return await parts.workflow_engine.presets(actor=account.name)


@workflows.post("", status_code=201)
async def add(given: WorkflowIn, parts: InParts, account: InAccount) -> WorkflowOut:
    """Store a draft; it may still have problems."""
    return await parts.workflow_engine.add_workflow(given, actor=account.name)


@workflows.get("")
async def list_all(
    parts: InParts, account: InAccount, cursor: Cursor = None, limit: Limit = PAGE_SIZE, count: Count = False
) -> Page[WorkflowOut]:
    """Return the workflows, the newest first."""
    return await parts.workflow_engine.workflows(ListQuery(cursor=cursor, limit=limit, count=count), actor=account.name)


@workflows.get("/{workflow_id}")
async def read(workflow_id: UUID, parts: InParts, account: InAccount) -> WorkflowOut:
    """Return one workflow."""
    return await parts.workflow_engine.workflow(workflow_id, actor=account.name)


@workflows.patch("/{workflow_id}")
async def change(workflow_id: UUID, given: WorkflowPatch, parts: InParts, account: InAccount) -> WorkflowOut:
    """Change the draft; the active version stays as it is."""
    return await parts.workflow_engine.change_workflow(workflow_id, given, actor=account.name)


@workflows.post("/{workflow_id}/validate")
async def validate(workflow_id: UUID, parts: InParts, account: InAccount) -> ValidationOut:
    """Return what keeps the draft from being activated."""
    return await parts.workflow_engine.validate_workflow(workflow_id, actor=account.name)


@workflows.post("/{workflow_id}/activate")
async def activate(workflow_id: UUID, parts: InParts, account: InAccount) -> WorkflowOut:
    """Let new runs begin on the draft as it is now. A workflow with a block that destroys needs the role admin."""
    allowed = reaches(account.role, ACTIVATES_WHAT_DESTROYS)
    try:
        # The engine looks and activates in one transaction: nobody can change the draft in between.
        return await parts.workflow_engine.activate_workflow(workflow_id, destructive=allowed, actor=account.name)
    except Forbidden as error:
        if error.code != WORKFLOW_DESTROYS:
            raise
        raise RoleNeeded(f"activating a workflow that destroys ({error.message})", ACTIVATES_WHAT_DESTROYS, account.role) from error


@workflows.post("/{workflow_id}/deactivate")
async def deactivate(workflow_id: UUID, parts: InParts, account: InAccount) -> WorkflowOut:
    """Let no new run begin; those that have begun go on."""
    return await parts.workflow_engine.deactivate_workflow(workflow_id, actor=account.name)


@workflows.post("/{workflow_id}/sweeps", status_code=202)
async def sweep(workflow_id: UUID, given: SweepIn, parts: InParts, account: InAccount) -> SweepOut:
    """Run the workflow now for every record that matches its Begin rule."""
    return await parts.workflow_engine.sweep(workflow_id, given, actor=account.name)


@workflows.get("/{workflow_id}/runs")
async def list_runs(
    workflow_id: UUID,
    parts: InParts,
    account: InAccount,
    *,
    state: WorkflowRunState | None = None,
    record_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_SIZE,
    count: Count = False,
) -> Page[WorkflowRunOut]:
    """Return the workflow's runs, the newest first."""
    ask = ListQuery(cursor=cursor, limit=limit, count=count)
    return await parts.workflow_engine.runs(workflow_id, ask, state=state, record_id=record_id, actor=account.name)


@workflows.get("/{workflow_id}/totals")
async def totals(workflow_id: UUID, parts: InParts, account: InAccount) -> RunTotals:
    """Return how many runs of the workflow are in which state."""
    return await parts.workflow_engine.totals(workflow_id, actor=account.name)


@workflow_runs.get("/{run_id}")
async def read_run(run_id: UUID, parts: InParts, account: InAccount) -> WorkflowRunDetail:
    """Return one run with its steps."""
    return await parts.workflow_engine.run(run_id, actor=account.name)
