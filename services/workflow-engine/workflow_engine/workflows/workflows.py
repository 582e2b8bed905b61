"""Workflows as stored: drafts that change, and versions that never do."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.api.workflows import WorkflowIn, WorkflowOut, WorkflowPatch
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, NotFound
from shared.ids import new_id
from workflow_engine.names import name_key
from workflow_engine.storable import checked, storable
from workflow_engine.tables import VERSIONS, WORKFLOWS


class WorkflowNotFound(NotFound):
    """No workflow has this id."""

    code = "workflow_not_found"


class NameTaken(Conflict):
    """Another workflow has this name."""

    code = "name_taken"


async def add_workflow(session: AsyncSession, given: WorkflowIn) -> WorkflowOut:
    """Store a draft, valid or not. Raises `NameTaken`."""
    name, moment = checked("name", given.name), now()
    values: dict[str, Any] = {
        "id": new_id(),
        "name": name,
        "name_key": name_key(name),
        "description": checked("description", given.description),
        "object_type": given.object_type,
        "state": "draft",
        "definition": storable(given.definition.model_dump(mode="json")),
        "created_at": moment,
        "updated_at": moment,
    }
    statement = insert_for(session, WORKFLOWS).values(**values).on_conflict_do_nothing(index_elements=["name_key"])
    row = (await session.execute(statement.returning(WORKFLOWS))).first()
    if row is None:
        raise _taken(name)
    return WorkflowOut.model_validate(row)


async def change_workflow(session: AsyncSession, workflow_id: UUID, given: WorkflowPatch) -> WorkflowOut:
    """Change the draft; the active version stays as it is. Raises `WorkflowNotFound`, `NameTaken`."""
    await one_workflow(session, workflow_id)
    values: dict[str, Any] = {"updated_at": now()}
    if given.name is not None:
        values |= {"name": checked("name", given.name), "name_key": name_key(given.name)}
    if given.description is not None:
        values["description"] = checked("description", given.description)
    if given.definition is not None:
        values["definition"] = storable(given.definition.model_dump(mode="json"))
    try:
        async with session.begin_nested():
            await session.execute(update(WORKFLOWS).where(WORKFLOWS.c.id == workflow_id).values(**values))
    except IntegrityError as error:
        raise _taken(str(given.name)) from error
    return await one_workflow(session, workflow_id)


async def one_workflow(session: AsyncSession, workflow_id: UUID, *, lock: bool = False) -> WorkflowOut:
    """Return a workflow; `lock` keeps other transactions from changing it. Raises `WorkflowNotFound`."""
    statement = select(WORKFLOWS).where(WORKFLOWS.c.id == workflow_id)
    row = (await session.execute(statement.with_for_update() if lock else statement)).first()
    if row is None:
        raise WorkflowNotFound(f"there is no workflow {workflow_id}", remedy="List the workflows to see those there are.")
    return WorkflowOut.model_validate(row)


async def latest_version(session: AsyncSession, workflow_id: UUID) -> Row[Any] | None:
    """Return the newest version of a workflow, or None while it was never activated."""
    statement = select(VERSIONS).where(VERSIONS.c.workflow_id == workflow_id).order_by(VERSIONS.c.version.desc()).limit(1)
    return (await session.execute(statement)).first()


async def active_version(session: AsyncSession, workflow: WorkflowOut) -> Row[Any] | None:
    """Return the version that new runs begin on, or None when the workflow is not active."""
    if workflow.state != "active":
        return None
    of_it = (VERSIONS.c.workflow_id == workflow.id) & (VERSIONS.c.version == workflow.active_version)
    return (await session.execute(select(VERSIONS).where(of_it))).first()


async def list_workflows(session: AsyncSession, *, after: UUID | None, limit: int) -> list[WorkflowOut]:
    """Return workflows, the newest first, beginning after the given one."""
    statement = select(WORKFLOWS).order_by(WORKFLOWS.c.id.desc()).limit(limit)
    rows = await session.execute(statement if after is None else statement.where(WORKFLOWS.c.id < after))
    return [WorkflowOut.model_validate(row) for row in rows]


async def count_workflows(session: AsyncSession) -> int:
    """Return how many workflows there are."""
    return await session.scalar(select(func.count()).select_from(WORKFLOWS)) or 0


def _taken(name: str) -> NameTaken:
    fields = [{"field": "name", "message": "is taken"}]
    return NameTaken(f"there is a workflow named {name!r} already", remedy="Give this one another name.", fields=fields)
