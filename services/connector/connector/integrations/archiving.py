"""Putting an integration aside, taking it up again, and deleting it; what it made of people stays."""

from uuid import UUID

from sqlalchemy import delete, select

from connector.integrations.integrations import Stored, set_state, stored_integration
from connector.integrations.states import WrongState
from connector.runs.runs import require_idle
from connector.scope import Parts
from connector.tables import INTEGRATIONS, QUARANTINES, RUNS
from shared.events.sources import IntegrationDeleted
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)


async def archive(parts: Parts, integration_id: UUID, *, actor: str) -> None:
    """Put an integration aside: it neither runs nor changes, and keeps its details, schedules and runs. Raises `RunInProgress`."""
    async with parts.units.begin(actor=actor) as unit:
        stored = await stored_integration(unit.session, integration_id, locked=True)
        await require_idle(unit.session, stored)
        if stored.row.state != "archived":
            await unit.session.execute(delete(QUARANTINES).where(QUARANTINES.c.integration_id == integration_id))
            await set_state(unit.session, integration_id, "archived")


async def restore(parts: Parts, integration_id: UUID, *, actor: str) -> None:
    """Make an archived integration a draft: its launch looks at everything again, which may be out of date. Raises `WrongState`."""
    async with parts.units.begin(actor=actor) as unit:
        stored = await stored_integration(unit.session, integration_id, locked=True)
        if stored.row.state != "archived":
            raise WrongState(f"{stored.row.name!r} is not archived: it is {stored.row.state}", remedy="There is nothing to restore.")
        await set_state(unit.session, integration_id, "draft")


async def delete_integration(parts: Parts, integration_id: UUID, *, actor: str) -> None:
    """Delete an archived integration, or a draft that never ran, with its schedules and runs. Its records stay.

    Raises `IntegrationNotFound`, `RunInProgress`, `WrongState`.
    """
    async with parts.units.begin(actor=actor) as unit:
        stored = await stored_integration(unit.session, integration_id, locked=True)
        await require_idle(unit.session, stored)
        await _require_put_aside(unit, stored)
        await unit.session.execute(delete(INTEGRATIONS).where(INTEGRATIONS.c.id == integration_id))
        unit.record(IntegrationDeleted(integration_id=integration_id, integration_name=stored.row.name, deleted_by=actor))
    log.info("integration_deleted", integration_id=str(integration_id), actor=actor)


async def _require_put_aside(unit: Unit, stored: Stored) -> None:
    if stored.row.state == "archived":
        return
    has_run = select(RUNS.c.id).where(RUNS.c.integration_id == stored.row.id).limit(1)
    if stored.row.state != "draft" or await unit.session.scalar(has_run) is not None:
        what = "has run" if stored.row.state == "draft" else f"is {stored.row.state}"
        raise WrongState(f"{stored.row.name!r} {what}: only what is archived is deleted", remedy="Archive it first.")
