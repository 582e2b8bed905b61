"""Activating a workflow makes a version that never changes; it starts nothing by itself."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.api.base import Gap
from shared.api.fields import FieldOut
from shared.api.workflows import WORKFLOW_DESTROYS, DefinitionIn, WorkflowOut
from shared.clock import now
from shared.errors import Forbidden, Invalid
from shared.ids import new_id
from shared.unit import Unit
from workflow_engine.blocks.begin import BeginSettings
from workflow_engine.blocks.registry import BLOCKS
from workflow_engine.tables import VERSIONS, WORKFLOWS
from workflow_engine.workflows.validation import Presets, problems_of
from workflow_engine.workflows.workflows import latest_version, one_workflow


class WorkflowInvalid(Invalid):
    """The draft has problems; each is named in `fields`."""

    code = "workflow_invalid"


class WorkflowDestroys(Forbidden):
    """The draft has a block that destroys, and whoever activates it may not do that."""

    code = WORKFLOW_DESTROYS


async def problems_of_draft(session: AsyncSession, workflow_id: UUID, presets: Presets, fields: Sequence[FieldOut]) -> list[Gap]:
    """Return what keeps the draft from being activated. Raises `WorkflowNotFound`."""
    workflow = await one_workflow(session, workflow_id)
    return problems_of(workflow.definition, workflow.object_type, presets, fields)


async def activate(unit: Unit, workflow_id: UUID, presets: Presets, fields: Sequence[FieldOut], *, destructive: bool = True) -> WorkflowOut:
    """Let new runs begin on the draft as it is now. Raises `WorkflowNotFound`, `WorkflowInvalid`, `WorkflowDestroys`."""
    workflow = await one_workflow(unit.session, workflow_id, lock=True)
    destroying = [block.id for block in workflow.definition.blocks if block.type in BLOCKS and BLOCKS[block.type].destructive]
    if destroying and not destructive:
        raise WorkflowDestroys(f"{workflow.name!r}: {', '.join(destroying)}", remedy="Have somebody activate it who may.")
    problems = problems_of(workflow.definition, workflow.object_type, presets, fields)
    if problems:
        raise WorkflowInvalid(
            f"{workflow.name!r} has {len(problems)} problem(s): {'; '.join(problem.message for problem in problems)}",
            remedy="Mend what is named, then activate it again.",
            fields=[problem.model_dump() for problem in problems],
        )
    version = await _version_of(unit, workflow, presets)
    await _set(unit.session, workflow_id, state="active", active_version=version)
    return await one_workflow(unit.session, workflow_id)


async def deactivate(unit: Unit, workflow_id: UUID) -> WorkflowOut:
    """Let no new run begin; those that have begun go on. Raises `WorkflowNotFound`."""
    workflow = await one_workflow(unit.session, workflow_id, lock=True)
    if workflow.state == "active":
        await _set(unit.session, workflow_id, state="inactive", active_version=None)
    return await one_workflow(unit.session, workflow_id)


async def _version_of(unit: Unit, workflow: WorkflowOut, presets: Presets) -> int:
    """Return the number of the version that holds this draft: the latest one when nothing changed since, else a new one."""
    used = _presets_used(workflow.definition, presets)
    definition = workflow.definition.model_dump(mode="json")
    latest = await latest_version(unit.session, workflow.id)
    if latest is not None and latest.definition == definition and latest.presets == used:
        return int(latest.version)
    begin = next(block for block in workflow.definition.blocks if block.type == "begin")
    row: dict[str, Any] = {
        "id": new_id(),
        "workflow_id": workflow.id,
        "version": 1 if latest is None else latest.version + 1,
        "object_type": workflow.object_type,
        "starts_on": BeginSettings.model_validate(begin.settings).trigger,
        "definition": definition,
        "presets": used,
        "created_at": now(),
        "created_by": unit.actor,
    }
    await unit.session.execute(insert(VERSIONS).values(**row))
    return int(row["version"])


def _presets_used(definition: DefinitionIn, presets: Presets) -> dict[str, Any]:
    names = {block.settings.get("preset") for block in definition.blocks}
    return {key: preset.model_dump(mode="json") for key, preset in presets.items() if key in names}


async def _set(session: AsyncSession, workflow_id: UUID, **values: Any) -> None:
    await session.execute(update(WORKFLOWS).where(WORKFLOWS.c.id == workflow_id).values(**values, updated_at=now()))
