"""Global variables as stored, and which integrations use them."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.names import name_key
from connector.storable import checked
from connector.tables import INTEGRATION_INPUTS, INTEGRATIONS, VARIABLES
from shared.api.variables import VariableIn, VariableOut
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, NotFound
from shared.ids import new_id


class VariableNotFound(NotFound):
    """No global variable has this id."""

    code = "variable_not_found"


class VariableInUse(Conflict):
    """Integrations still refer to the variable."""

    code = "variable_in_use"


async def add_variable(session: AsyncSession, given: VariableIn) -> VariableOut:
    """Store a variable. Raises `Conflict` when its name is taken."""
    name, moment = checked("name", given.name), now()
    values: dict[str, Any] = {
        "id": new_id(),
        "name": name,
        "name_key": name_key(name),
        "type": "text",
        "value": checked("value", given.value.strip()),
        "created_at": moment,
        "updated_at": moment,
    }
    statement = insert_for(session, VARIABLES).values(**values).on_conflict_do_nothing(index_elements=["name_key"])
    row = (await session.execute(statement.returning(VARIABLES))).first()
    if row is None:
        raise Conflict(f"there is a global variable named {name!r} already", code="name_taken", remedy="Change its value instead.")
    return VariableOut.model_validate(row)


async def list_variables(session: AsyncSession, condition: ColumnElement[bool] | None = None) -> list[VariableOut]:
    """Return the variables, by name, each with the names of the integrations that use it."""
    statement = select(VARIABLES).order_by(VARIABLES.c.name_key)
    rows = (await session.execute(statement if condition is None else statement.where(condition))).all()
    using = (
        select(INTEGRATION_INPUTS.c.variable_id, INTEGRATIONS.c.name)
        .join(INTEGRATIONS, INTEGRATIONS.c.id == INTEGRATION_INPUTS.c.integration_id)
        .where(INTEGRATION_INPUTS.c.variable_id.is_not(None))
        .distinct()
        .order_by(INTEGRATIONS.c.name)
    )
    users: dict[UUID, list[str]] = defaultdict(list)
    for variable_id, name in await session.execute(using):
        users[variable_id].append(name)
    return [VariableOut(id=row.id, name=row.name, value=row.value, used_by=users[row.id], updated_at=row.updated_at) for row in rows]


async def change_variable(session: AsyncSession, variable_id: UUID, value: str) -> VariableOut:
    """Give a variable another value; running runs keep the one they began with. Raises `VariableNotFound`."""
    statement = update(VARIABLES).where(VARIABLES.c.id == variable_id).values(value=checked("value", value.strip()), updated_at=now())
    await session.execute(statement)
    return await _one(session, variable_id)


async def remove_variable(session: AsyncSession, variable_id: UUID) -> None:
    """Delete a variable. Raises `VariableNotFound`, and `VariableInUse` naming the integrations that refer to it."""
    variable = await _one(session, variable_id)
    if variable.used_by:
        raise VariableInUse(
            f"{variable.name!r} is used by {', '.join(repr(name) for name in variable.used_by)}",
            remedy="Change the inputs of these integrations first.",
            used_by=variable.used_by,
        )
    await session.execute(delete(VARIABLES).where(VARIABLES.c.id == variable_id))


async def _one(session: AsyncSession, variable_id: UUID) -> VariableOut:
    found = await list_variables(session, VARIABLES.c.id == variable_id)
    if not found:
        raise VariableNotFound(f"there is no global variable {variable_id}", remedy="List the variables to see those there are.")
    return found[0]
