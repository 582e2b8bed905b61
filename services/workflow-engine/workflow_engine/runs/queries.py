"""Reading runs."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.api.workflows import RunTotals, StepOut, WorkflowRunDetail, WorkflowRunOut, WorkflowRunState
from shared.errors import NotFound
from workflow_engine.tables import RUNS, STEPS, VERSIONS, WORKFLOWS


class RunNotFound(NotFound):
    """No workflow run has this id."""

    code = "workflow_run_not_found"


async def list_runs(
    session: AsyncSession,
    workflow_id: UUID,
    *,
    state: WorkflowRunState | None,
    record_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[WorkflowRunOut]:
    """Return runs of a workflow, the newest first, beginning after the given one."""
    statement = _narrowed(_runs(), workflow_id, state, record_id).order_by(RUNS.c.id.desc()).limit(limit)
    rows = await session.execute(statement if after is None else statement.where(RUNS.c.id < after))
    return [WorkflowRunOut.model_validate(row) for row in rows]


async def count_runs(session: AsyncSession, workflow_id: UUID, *, state: WorkflowRunState | None, record_id: UUID | None) -> int:
    """Return how many runs such a list has in all."""
    return await session.scalar(_narrowed(select(func.count()).select_from(RUNS), workflow_id, state, record_id)) or 0


async def run_totals(session: AsyncSession, workflow_id: UUID) -> RunTotals:
    """Return how many runs of a workflow are in which state."""
    statement = select(RUNS.c.state, func.count().label("runs")).where(RUNS.c.workflow_id == workflow_id).group_by(RUNS.c.state)
    counts: dict[str, int] = {row.state: row.runs for row in await session.execute(statement)}
    return RunTotals(**{name: counts.get(name, 0) for name in RunTotals.model_fields})


async def run_detail(session: AsyncSession, run_id: UUID) -> WorkflowRunDetail:
    """Return a run with its steps, in the order in which they began. Raises `RunNotFound`."""
    row = (await session.execute(_runs().where(RUNS.c.id == run_id))).first()
    if row is None:
        raise RunNotFound(f"there is no workflow run {run_id}", remedy="List the workflow's runs to see those there are.")
    steps = (await session.execute(select(STEPS).where(STEPS.c.run_id == run_id).order_by(STEPS.c.id))).all()
    return WorkflowRunDetail(**WorkflowRunOut.model_validate(row).model_dump(), steps=[_step(step) for step in steps])


def _step(row: Row[Any]) -> StepOut:
    """Return a step; its code stands in the evidence, where programs find it."""
    shown = StepOut.model_validate(row)
    return shown if row.code is None else shown.model_copy(update={"evidence": {"code": row.code, **shown.evidence}})


def _runs() -> Select[Any]:
    return (
        select(RUNS, WORKFLOWS.c.name.label("workflow_name"), VERSIONS.c.version)
        .join(WORKFLOWS, WORKFLOWS.c.id == RUNS.c.workflow_id)
        .join(VERSIONS, VERSIONS.c.id == RUNS.c.version_id)
    )


def _narrowed(statement: Select[Any], workflow_id: UUID, state: WorkflowRunState | None, record_id: UUID | None) -> Select[Any]:
    statement = statement.where(RUNS.c.workflow_id == workflow_id)
    if state is not None:
        statement = statement.where(RUNS.c.state == state)
    return statement if record_id is None else statement.where(RUNS.c.record_id == record_id)
