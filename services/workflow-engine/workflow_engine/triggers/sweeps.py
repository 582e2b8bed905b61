"""Sweeps: a workflow run by hand over every record that matches its Begin rule."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from shared.api.records import RecordQuery
from shared.api.workflows import DefinitionIn, SweepIn, SweepOut, WorkflowOut
from shared.errors import Conflict
from shared.events.records import RecordType
from shared.ids import new_id
from shared.observability.logging import get_logger
from workflow_engine.runs.starting import Start, start_runs
from workflow_engine.scope import Parts
from workflow_engine.workflows.workflows import active_version, one_workflow

log = get_logger(__name__)


class WorkflowNotActive(Conflict):
    """Only an active workflow can be run."""

    code = "workflow_not_active"


async def sweep(parts: Parts, workflow_id: UUID, given: SweepIn, *, actor: str) -> SweepOut:
    """Start the active version for each matching record, page by page, each page in a transaction of its own.

    Raises `WorkflowNotFound`, `WorkflowNotActive`.
    """
    workflow, version = await _active(parts, workflow_id)
    sweep_id, matched, started, cursor = new_id(), 0, 0, None
    start = Start(sweep_id, f"run by hand by {actor}")
    record_type: RecordType = version.object_type
    while True:
        query = RecordQuery(rule=_rule(version), ids=given.record_ids, cursor=cursor, limit=parts.settings.sweep_page)
        page = await parts.mapper.query(record_type, query, actor=actor)
        matched += len(page.items)
        if page.items:
            async with parts.units.begin(actor=actor) as unit:
                started += await start_runs(unit, version, [record.id for record in page.items], start)
            parts.runner.nudge()
        cursor = page.next_cursor
        if cursor is None:
            break
    log.info("sweep_started", sweep_id=str(sweep_id), workflow_id=str(workflow.id), matched=matched, started=started)
    return SweepOut(id=sweep_id, workflow_id=workflow.id, version=version.version, matched=matched, started=started)


async def _active(parts: Parts, workflow_id: UUID) -> tuple[WorkflowOut, Row[Any]]:
    async with parts.database.reading() as session:
        workflow = await one_workflow(session, workflow_id)
        version = await active_version(session, workflow)
    if version is None:
        raise WorkflowNotActive(f"{workflow.name!r} is not active", remedy="Activate it first.")
    return workflow, version


def _rule(version: Row[Any]) -> dict[str, Any] | None:
    """Return the Begin rule as it is sent."""
    definition = DefinitionIn.model_validate(version.definition)
    rule: dict[str, Any] | None = next(block for block in definition.blocks if block.type == "begin").settings.get("rule")
    return rule
