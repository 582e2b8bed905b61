"""What active workflows need of what the connector keeps, global variables and credentials: it asks before it deletes one."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.api.credentials import CredentialUse
from shared.api.variables import VariableUse
from shared.http.paging import Page
from workflow_engine.scope import InReading
from workflow_engine.tables import VERSIONS, WORKFLOWS

router = APIRouter(tags=["workflows"])


@router.get("/variable-uses")
async def list_variable_uses(session: InReading) -> Page[VariableUse]:
    """Return each reference of an active workflow to a global variable once."""
    found = {(name, variable) for name, settings in await _in_force(session) for variable in _variables_in(settings)}
    return Page(items=[VariableUse(workflow=workflow, variable=variable) for workflow, variable in sorted(found)])


@router.get("/credential-uses")
async def list_credential_uses(session: InReading) -> Page[CredentialUse]:
    """Return each reference of an active workflow to a credential once."""
    found = {(name, UUID(id_)) for name, settings in await _in_force(session) if isinstance(id_ := settings.get("credential_id"), str)}
    return Page(items=[CredentialUse(workflow=workflow, credential_id=credential_id) for workflow, credential_id in sorted(found)])


async def _in_force(session: AsyncSession) -> list[tuple[str, dict[str, Any]]]:
    """Return the settings of every block that new runs may meet, with its workflow's name. A draft may refer to what is not there."""
    in_force = and_(VERSIONS.c.workflow_id == WORKFLOWS.c.id, VERSIONS.c.version == WORKFLOWS.c.active_version)
    statement = select(WORKFLOWS.c.name, VERSIONS.c.definition).join(VERSIONS, in_force).where(WORKFLOWS.c.state == "active")
    rows = await session.execute(statement.order_by(WORKFLOWS.c.name))
    return [(name, block["settings"]) for name, definition in rows for block in definition["blocks"]]


def _variables_in(settings: dict[str, Any]) -> Iterator[str]:
    inputs = settings.get("inputs")
    for ref in inputs.values() if isinstance(inputs, dict) else ():
        if isinstance(ref, dict) and isinstance(variable := ref.get("variable"), str):
            yield variable
