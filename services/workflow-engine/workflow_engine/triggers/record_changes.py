"""Record changes start runs: of every active workflow whose rule they made true."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.api.workflows import DefinitionIn
from shared.events.records import Cause, RecordsChanged, RecordType
from shared.unit import Unit
from workflow_engine.blocks.begin import BeginSettings
from workflow_engine.runs.starting import Start, start_runs
from workflow_engine.tables import RUNS, STEPS, VERSIONS, WORKFLOWS
from workflow_engine.triggers.match import starting


async def start_for(unit: Unit, event: RecordsChanged) -> int:
    """Start what the event starts; return how many runs are new. A workflow is never started by its own steps."""
    if event.initial:
        return 0
    own = await _workflow_behind(unit.session, event.cause)
    started = 0
    for version in await _listening(unit.session, event.record_type):
        records = [] if version.workflow_id == own else starting(rule_of(version), event, unit.parts.zone)
        if records:
            started += await start_runs(unit, version, records, Start(event.id, _told(event)))
    return started


async def _listening(session: AsyncSession, record_type: RecordType) -> list[Row[Any]]:
    active = and_(VERSIONS.c.workflow_id == WORKFLOWS.c.id, VERSIONS.c.version == WORKFLOWS.c.active_version)
    statement = (
        select(VERSIONS)
        .join(WORKFLOWS, active)
        .where(WORKFLOWS.c.state == "active", VERSIONS.c.starts_on == "record_changed", VERSIONS.c.object_type == record_type)
        .order_by(VERSIONS.c.id)
    )
    return list((await session.execute(statement)).all())


async def _workflow_behind(session: AsyncSession, cause: Cause) -> UUID | None:
    """Return the workflow whose step caused the change, if one did."""
    if cause.kind != "workflow_step":
        return None
    try:
        step_id = UUID(cause.id)
    except ValueError:
        return None
    return await session.scalar(select(RUNS.c.workflow_id).join(STEPS, STEPS.c.run_id == RUNS.c.id).where(STEPS.c.id == step_id))


def rule_of(version: Row[Any]) -> Any:
    """Return the Begin rule of a version; None where every record matches."""
    definition = DefinitionIn.model_validate(version.definition)
    begin = next(block for block in definition.blocks if block.type == "begin")
    return BeginSettings.model_validate(begin.settings).rule


def _told(event: RecordsChanged) -> str:
    detail = f" ({event.cause.detail})" if event.cause.detail else ""
    return f"changed by {event.cause.actor}{detail}"
