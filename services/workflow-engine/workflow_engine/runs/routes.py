"""Routes of workflow runs."""

from uuid import UUID

from fastapi import APIRouter

from shared.api.workflows import RunTotals, WorkflowRunDetail, WorkflowRunOut, WorkflowRunState
from shared.http.paging import Page
from workflow_engine.keyset import DEFAULT_LIMIT, Limit, after, page_of
from workflow_engine.runs.queries import count_runs, list_runs, run_detail, run_totals
from workflow_engine.scope import InReading
from workflow_engine.workflows.workflows import one_workflow

router = APIRouter(tags=["workflow runs"])


@router.get("/workflows/{workflow_id}/runs")
async def list_of_workflow(
    workflow_id: UUID,
    session: InReading,
    *,
    state: WorkflowRunState | None = None,
    record_id: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
    count: bool = False,
) -> Page[WorkflowRunOut]:
    """Return runs of a workflow, the newest first."""
    await one_workflow(session, workflow_id)
    runs = await list_runs(session, workflow_id, state=state, record_id=record_id, after=after(cursor), limit=limit + 1)
    return page_of(runs, limit, await count_runs(session, workflow_id, state=state, record_id=record_id) if count else None)


@router.get("/workflows/{workflow_id}/totals")
async def totals(workflow_id: UUID, session: InReading) -> RunTotals:
    """Return how many runs of a workflow are in which state."""
    await one_workflow(session, workflow_id)
    return await run_totals(session, workflow_id)


@router.get("/workflow-runs/{run_id}")
async def read_run(run_id: UUID, session: InReading) -> WorkflowRunDetail:
    """Return one run with its steps."""
    return await run_detail(session, run_id)
