"""Which global variables active workflows refer to: the connector, which keeps them, asks before it deletes one."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.api.variables import VariableUse
from shared.http.paging import Page
from workflow_engine.scope import InReading
from workflow_engine.tables import VERSIONS, WORKFLOWS

router = APIRouter(prefix="/variable-uses", tags=["workflows"])


@router.get("")
async def list_all(session: InReading) -> Page[VariableUse]:
    """Return each reference of an active workflow to a global variable once."""
    return Page(items=await variable_uses(session))


async def variable_uses(session: AsyncSession) -> list[VariableUse]:
    """Return the references in the versions that new runs begin on. A draft may refer to what is not there."""
    in_force = and_(VERSIONS.c.workflow_id == WORKFLOWS.c.id, VERSIONS.c.version == WORKFLOWS.c.active_version)
    statement = select(WORKFLOWS.c.name, VERSIONS.c.definition).join(VERSIONS, in_force).where(WORKFLOWS.c.state == "active")
    rows = await session.execute(statement.order_by(WORKFLOWS.c.name))
    found = {(name, variable) for name, definition in rows for variable in _variables_in(definition)}
    return [VariableUse(workflow=workflow, variable=variable) for workflow, variable in sorted(found)]


def _variables_in(definition: dict[str, Any]) -> Iterator[str]:
    for block in definition["blocks"]:
        inputs = block["settings"].get("inputs")
        for ref in inputs.values() if isinstance(inputs, dict) else ():
            if isinstance(ref, dict) and isinstance(variable := ref.get("variable"), str):
                yield variable
