"""Deleting a global variable: only one that no integration and no active workflow refers to."""

from uuid import UUID

from connector.names import name_key
from connector.scope import Parts
from connector.variables.variables import VariableInUse, read_variable, remove_variable
from shared.errors import AppError, Upstream


class UsersUnknown(Upstream):
    """Nobody can say whether workflows need the variable."""

    code, title = "variable_users_unknown", "Whether it is used is not known"


async def delete_variable(parts: Parts, variable_id: UUID, *, actor: str) -> None:
    """Delete a variable. Raises `VariableNotFound`, `VariableInUse` naming who refers to it, `UsersUnknown`."""
    async with parts.database.reading() as session:
        variable = await read_variable(session, variable_id)
    try:
        workflows = (await parts.workflow_engine.variable_users(actor=actor)).get(name_key(variable.name), [])
    except AppError as error:
        remedy = "Try again once the workflow engine answers."
        raise UsersUnknown(f"whether workflows use {variable.name!r} is not known: {error.message}", remedy=remedy) from error
    async with parts.units.begin(actor=actor) as unit:
        current = await read_variable(unit.session, variable_id)
        if current.used_by or workflows:
            raise VariableInUse(current.name, integrations=current.used_by, workflows=workflows)
        await remove_variable(unit.session, variable_id)
