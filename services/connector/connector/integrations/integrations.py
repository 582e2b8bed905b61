"""Integrations as stored: details that change only by what is given, and states."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.files.files import newest_files
from connector.names import name_key
from connector.providers.settings import check_settings
from connector.quarantine.quarantine import quarantines_of
from connector.storable import checked
from connector.tables import INTEGRATION_INPUTS, INTEGRATIONS, VARIABLES
from connector.variables.inputs import check_refs, variables_named
from shared.api.base import Gap
from shared.api.integrations import IntegrationIn, IntegrationOut, QuarantineOut
from shared.api.sources import ProviderOut
from shared.api.variables import InputRef
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, NotFound
from shared.ids import new_id


class IntegrationNotFound(NotFound):
    """No integration has this id."""

    code = "integration_not_found"


class Stored:
    """An integration's row, its inputs, and the file that its next run reads if one was uploaded."""

    def __init__(
        self, row: Row[Any], inputs: Mapping[str, InputRef], quarantine: QuarantineOut | None = None, file_id: UUID | None = None
    ) -> None:
        self.row = row
        self.inputs = dict(inputs)
        self.quarantine = quarantine
        self.file_id = file_id

    def shown(self, manifest: ProviderOut, missing: Sequence[Gap]) -> IntegrationOut:
        """Return the integration as the API shows it."""
        details = {name: value for name, value in self.row._asdict().items() if name != "name_key"}
        if self.quarantine is not None and self.row.state == "active":
            details |= {"state": "quarantined", "quarantine": self.quarantine}
        return IntegrationOut.model_validate(
            {**details, "application": manifest.application, "inputs": self.inputs, "missing": list(missing)}
        )


async def add_integration(session: AsyncSession, given: IntegrationIn, manifest: ProviderOut) -> UUID:
    """Store a draft; return its id. Raises `Conflict` when its name is taken."""
    moment, name = now(), checked("name", given.name)
    values: dict[str, Any] = {
        "id": new_id(),
        "provider": manifest.key,
        "name": name,
        "name_key": name_key(name),
        "state": "draft",
        "installation": "cloud",
        "preference": "create_and_update",
        "created_at": moment,
        "updated_at": moment,
    }
    statement = insert_for(session, INTEGRATIONS).values(**values).on_conflict_do_nothing(index_elements=["name_key"])
    integration_id: UUID | None = await session.scalar(statement.returning(INTEGRATIONS.c.id))
    if integration_id is None:
        raise _name_taken(name)
    return integration_id


async def stored_integration(session: AsyncSession, integration_id: UUID, *, locked: bool = False) -> Stored:
    """Return an integration. `locked` keeps others from changing it until the transaction ends. Raises `IntegrationNotFound`."""
    statement = select(INTEGRATIONS).where(INTEGRATIONS.c.id == integration_id)
    row = (await session.execute(statement.with_for_update() if locked else statement)).first()
    if row is None:
        raise IntegrationNotFound(f"there is no integration {integration_id}", remedy="List the integrations to see those there are.")
    quarantine = (await quarantines_of(session, [integration_id])).get(integration_id)
    file_id = (await newest_files(session, [integration_id])).get(integration_id)
    return Stored(row, (await _inputs(session, [integration_id]))[integration_id], quarantine, file_id)


async def stored_integrations(session: AsyncSession, *, archived: bool) -> list[Stored]:
    """Return the integrations, by name: those that were archived, or all the others."""
    wanted = INTEGRATIONS.c.state == "archived" if archived else INTEGRATIONS.c.state != "archived"
    rows = (await session.execute(select(INTEGRATIONS).where(wanted).order_by(INTEGRATIONS.c.name_key))).all()
    inputs = await _inputs(session, [row.id for row in rows])
    quarantines = await quarantines_of(session, [row.id for row in rows])
    files = await newest_files(session, [row.id for row in rows])
    return [Stored(row, inputs[row.id], quarantines.get(row.id), files.get(row.id)) for row in rows]


async def change_details(session: AsyncSession, stored: Stored, changes: Mapping[str, Any]) -> None:
    """Write what was given. Raises `Conflict` when the new name is another integration's."""
    values = dict(changes)
    for field in ("name", "integration_user"):
        if isinstance(values.get(field), str):
            values[field] = checked(field, values[field])
    if "name" in values:
        await _require_free_name(session, values["name"], stored.row.id)
        values["name_key"] = name_key(values["name"])
    await session.execute(update(INTEGRATIONS).where(INTEGRATIONS.c.id == stored.row.id).values(**values, updated_at=now()))


async def replace_inputs(session: AsyncSession, integration_id: UUID, refs: Mapping[str, InputRef], manifest: ProviderOut) -> None:
    """Store the inputs in place of those there were. Raises `Invalid`, naming each that is not usable."""
    named = await variables_named(session, [ref.variable for ref in refs.values() if ref.variable])
    check_refs(refs, named, frozenset(field.key for field in manifest.inputs))
    check_settings(manifest, {key: ref.value for key, ref in refs.items() if ref.value is not None})
    await session.execute(delete(INTEGRATION_INPUTS).where(INTEGRATION_INPUTS.c.integration_id == integration_id))
    rows = [
        {
            "integration_id": integration_id,
            "key": key,
            "variable_id": named[name_key(ref.variable)].id if ref.variable else None,
            "value": ref.value.strip() if ref.value is not None else None,
        }
        for key, ref in refs.items()
    ]
    if rows:
        await session.execute(insert(INTEGRATION_INPUTS), rows)


async def set_state(session: AsyncSession, integration_id: UUID, state: str) -> None:
    """Write a new state."""
    await session.execute(update(INTEGRATIONS).where(INTEGRATIONS.c.id == integration_id).values(state=state, updated_at=now()))


async def _inputs(session: AsyncSession, integration_ids: Sequence[UUID]) -> dict[UUID, dict[str, InputRef]]:
    statement = (
        select(INTEGRATION_INPUTS.c.integration_id, INTEGRATION_INPUTS.c.key, INTEGRATION_INPUTS.c.value, VARIABLES.c.name)
        .outerjoin(VARIABLES, VARIABLES.c.id == INTEGRATION_INPUTS.c.variable_id)
        .where(INTEGRATION_INPUTS.c.integration_id.in_(integration_ids))
        .order_by(INTEGRATION_INPUTS.c.key)
    )
    found: dict[UUID, dict[str, InputRef]] = defaultdict(dict)
    for row in await session.execute(statement):
        found[row.integration_id][row.key] = InputRef(variable=row.name, value=row.value)
    return found


async def _require_free_name(session: AsyncSession, name: str, mine: UUID) -> None:
    taken = select(INTEGRATIONS.c.id).where(INTEGRATIONS.c.name_key == name_key(name), INTEGRATIONS.c.id != mine)
    if await session.scalar(taken) is not None:
        raise _name_taken(name)


def _name_taken(name: str) -> Conflict:
    fields = [{"field": "name", "message": "is taken"}]
    return Conflict(f"there is an integration named {name!r} already", code="name_taken", remedy="Choose another name.", fields=fields)
