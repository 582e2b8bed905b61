"""Routes of the global variables."""

from uuid import UUID

from fastapi import APIRouter

from connector.scope import InReading, InRequest
from connector.variables.variables import add_variable, change_variable, list_variables, remove_variable
from shared.api.variables import VariableIn, VariableOut, VariableValueIn
from shared.http.paging import Page

router = APIRouter(prefix="/variables", tags=["variables"])


@router.post("", status_code=201)
async def add(given: VariableIn, unit: InRequest) -> VariableOut:
    """Store a global variable."""
    return await add_variable(unit.session, given)


@router.get("")
async def list_all(session: InReading) -> Page[VariableOut]:
    """Return every global variable, and who uses it."""
    return Page(items=await list_variables(session))


@router.put("/{variable_id}")
async def change(variable_id: UUID, given: VariableValueIn, unit: InRequest) -> VariableOut:
    """Give a global variable another value."""
    return await change_variable(unit.session, variable_id, given.value)


@router.delete("/{variable_id}", status_code=204)
async def remove(variable_id: UUID, unit: InRequest) -> None:
    """Delete a global variable that nothing uses."""
    await remove_variable(unit.session, variable_id)
