"""Global variables as stored, and which integrations use them."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.names import name_key
from connector.storable import checked
from connector.tables import INTEGRATION_INPUTS, INTEGRATIONS, VARIABLES
from connector.variables.types import checked_value
from shared.api.variables import VariableIn, VariableOut, VariableValueIn
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, NotFound
from shared.ids import new_id


class VariableNotFound(NotFound):
    """No global variable has this id."""

    code = "variable_not_found"


class VariableInUse(Conflict):
    """Integrations or active workflows still refer to the variable."""

    code = "variable_in_use"

    def __init__(self, name: str, *, integrations: list[str], workflows: list[str]) -> None:
        users = [f"the integration {user!r}" for user in integrations] + [f"the workflow {user!r}" for user in workflows]
        super().__init__(
            f"{name!r} is used by {', '.join(users)}",
            remedy="Change the inputs of these first.",
            used_by=integrations,
            used_by_workflows=workflows,
        )


async def add_variable(session: AsyncSession, given: VariableIn) -> VariableOut:
    """Store a variable. Raises `Conflict` when its name is taken, `Invalid` when the value does not fit."""
    name, moment = checked("name", given.name), now()
    values: dict[str, Any] = {
        "id": new_id(),
        "name": name,
        "name_key": name_key(name),
        "type": given.type,
        "value": checked_value(given.type, given.value),
        "created_at": moment,
        "updated_at": moment,
    }
    statement = insert_for(session, VARIABLES).values(**values).on_conflict_do_nothing(index_elements=["name_key"])
    row = (await session.execute(statement.returning(VARIABLES))).first()
    if row is None:
        fields = [{"field": "name", "message": "is taken"}]
        what = f"there is a global variable named {name!r} already"
        raise Conflict(what, code="name_taken", remedy="Change its value instead.", fields=fields)
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
    return [VariableOut.model_validate({**row._asdict(), "used_by": users[row.id]}) for row in rows]


async def change_variable(session: AsyncSession, variable_id: UUID, given: VariableValueIn) -> VariableOut:
    """Give a variable another value; running runs keep the one they began with. Raises `VariableNotFound`, `Invalid`."""
    kind = given.type or (await read_variable(session, variable_id)).type
    values = {"type": kind, "value": checked_value(kind, given.value), "updated_at": now()}
    await session.execute(update(VARIABLES).where(VARIABLES.c.id == variable_id).values(**values))
    return await read_variable(session, variable_id)


async def remove_variable(session: AsyncSession, variable_id: UUID) -> None:
    """Delete a variable that nothing refers to."""
    await session.execute(delete(VARIABLES).where(VARIABLES.c.id == variable_id))


async def read_variable(session: AsyncSession, variable_id: UUID) -> VariableOut:
    """Return one variable, and the integrations that use it. Raises `VariableNotFound`."""
    found = await list_variables(session, VARIABLES.c.id == variable_id)
    if not found:
        raise VariableNotFound(f"there is no global variable {variable_id}", remedy="List the variables to see those there are.")
    return found[0]
