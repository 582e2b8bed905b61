"""Routes of workflows."""

from uuid import UUID

from fastapi import APIRouter

from shared.api.fields import FieldOut
from shared.api.workflows import SweepIn, SweepOut, ValidationOut, WorkflowIn, WorkflowOut, WorkflowPatch
from shared.http.paging import Page
from shared.http.service_tokens import Caller
from workflow_engine.keyset import DEFAULT_LIMIT, Limit, after, page_of
from workflow_engine.scope import InCaller, InParts, InReading, InRequest, Parts
from workflow_engine.triggers.sweeps import sweep
from workflow_engine.workflows import activation
from workflow_engine.workflows.validation import Presets
from workflow_engine.workflows.workflows import add_workflow, change_workflow, count_workflows, list_workflows, one_workflow

router = APIRouter(prefix="/workflows", tags=["workflows"])


@router.post("", status_code=201)
async def add(given: WorkflowIn, unit: InRequest) -> WorkflowOut:
    """Store a draft; it may still have problems."""
    return await add_workflow(unit.session, given)


@router.get("")
async def list_all(session: InReading, cursor: str | None = None, limit: Limit = DEFAULT_LIMIT, count: bool = False) -> Page[WorkflowOut]:
    """Return the workflows, the newest first."""
    workflows = await list_workflows(session, after=after(cursor), limit=limit + 1)
    return page_of(workflows, limit, await count_workflows(session) if count else None)


@router.get("/{workflow_id}")
async def read(workflow_id: UUID, session: InReading) -> WorkflowOut:
    """Return one workflow."""
    return await one_workflow(session, workflow_id)


@router.patch("/{workflow_id}")
async def change(workflow_id: UUID, given: WorkflowPatch, unit: InRequest) -> WorkflowOut:
    """Change the draft; the active version stays as it is."""
    return await change_workflow(unit.session, workflow_id, given)


@router.post("/{workflow_id}/validate")
async def validate(workflow_id: UUID, parts: InParts, caller: InCaller) -> ValidationOut:
    """Return what keeps the draft from being activated."""
    presets, fields = await _offered(workflow_id, parts, caller)
    async with parts.database.reading() as session:
        return ValidationOut(problems=await activation.problems_of_draft(session, workflow_id, presets, fields))


@router.post("/{workflow_id}/activate")
async def activate(workflow_id: UUID, parts: InParts, caller: InCaller, *, destructive: bool = True) -> WorkflowOut:
    """Let new runs begin on the draft as it is now; nothing is started. `destructive=false` refuses a draft that destroys."""
    presets, fields = await _offered(workflow_id, parts, caller)
    async with parts.units.begin(actor=caller.actor) as unit:
        return await activation.activate(unit, workflow_id, presets, fields, destructive=destructive)


async def _offered(workflow_id: UUID, parts: Parts, caller: Caller) -> tuple[Presets, list[FieldOut]]:
    """Return the presets there are, and the fields of the workflow's object type, which never changes.

    Others are asked before a transaction begins: no lock waits for another service.
    """
    async with parts.database.reading() as session:
        workflow = await one_workflow(session, workflow_id)
    presets = await parts.connector.presets(actor=caller.actor)
    return presets, await parts.mapper.fields(workflow.object_type, actor=caller.actor)


@router.post("/{workflow_id}/deactivate")
async def deactivate(workflow_id: UUID, unit: InRequest) -> WorkflowOut:
    """Let no new run begin; those that have begun go on."""
    return await activation.deactivate(unit, workflow_id)


@router.post("/{workflow_id}/sweeps", status_code=202)
async def sweep_now(workflow_id: UUID, given: SweepIn, parts: InParts, caller: InCaller) -> SweepOut:
    """Run the workflow now for every record that matches its Begin rule; answers when all runs are started."""
    return await sweep(parts, workflow_id, given, actor=caller.actor)
