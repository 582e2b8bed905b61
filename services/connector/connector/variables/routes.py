"""Routes of the global variables."""

from uuid import UUID

from fastapi import APIRouter

from connector.names import name_key
from connector.scope import InCaller, InParts, InReading, InRequest
from connector.variables.deleting import delete_variable
from connector.variables.variables import add_variable, change_variable, list_variables
from shared.api.variables import VariableIn, VariableOut, VariableValueIn
from shared.errors import AppError
from shared.http.paging import Page

router = APIRouter(prefix="/variables", tags=["variables"])


@router.post("", status_code=201)
async def add(given: VariableIn, unit: InRequest) -> VariableOut:
    """Store a global variable."""
    return await add_variable(unit.session, given)


@router.get("")
async def list_all(session: InReading, parts: InParts, caller: InCaller) -> Page[VariableOut]:
    """Return every global variable, and who uses it, as far as the workflow engine answers."""
    variables = await list_variables(session)
    try:
        users = await parts.workflow_engine.variable_users(actor=caller.actor)
    except AppError:
        return Page(items=variables)
    return Page(items=[one.model_copy(update={"used_by_workflows": users.get(name_key(one.name), [])}) for one in variables])


@router.put("/{variable_id}")
async def change(variable_id: UUID, given: VariableValueIn, unit: InRequest) -> VariableOut:
    """Give a global variable another value."""
    return await change_variable(unit.session, variable_id, given)


@router.delete("/{variable_id}", status_code=204)
async def remove(variable_id: UUID, parts: InParts, caller: InCaller) -> None:
    """Delete a global variable that nothing uses."""
    await delete_variable(parts, variable_id, actor=caller.actor)
