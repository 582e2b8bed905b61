"""Launching, pausing and resuming: a launch is refused while anything is missing, naming all of it."""

from collections.abc import Sequence
from uuid import UUID

from connector.integrations.gaps import all_gaps, mapping_gaps, own_gaps
from connector.integrations.integrations import set_state, stored_integration
from connector.integrations.states import FIRST, WrongState
from connector.quarantine.quarantine import release
from connector.schedules.schedules import add_usual
from connector.scope import Parts
from shared.api.base import Gap
from shared.errors import Conflict


class IntegrationIncomplete(Conflict):
    """The integration lacks what `fields` lists."""

    code, title = "integration_incomplete", "The integration is not complete"


def incomplete(name: str, gaps: Sequence[Gap]) -> IntegrationIncomplete:
    """Return the error that lists every gap."""
    words = "; ".join(gap.message for gap in gaps)
    return IntegrationIncomplete(
        f"{name!r} is not complete: {words}", remedy=gaps[0].remedy, fields=[gap.model_dump(mode="json") for gap in gaps]
    )


async def launch(parts: Parts, integration_id: UUID, *, actor: str) -> None:
    """Make a draft active; from then on it runs every night. An active one stays so. Raises `IntegrationIncomplete`, `WrongState`."""
    async with parts.database.reading() as session:
        stored = await stored_integration(session, integration_id)
    gaps = await mapping_gaps(parts, stored, actor=actor) if stored.row.state == "draft" else []
    async with parts.units.begin(actor=actor) as unit:
        stored = await stored_integration(unit.session, integration_id, locked=True)
        if stored.row.state in {"paused", "archived"}:
            raise WrongState(f"{stored.row.name!r} is {stored.row.state}", remedy=FIRST[stored.row.state])
        if stored.row.state == "active":
            return
        gaps = own_gaps(stored, parts.providers.get(stored.row.provider).manifest) + gaps
        if gaps:
            raise incomplete(stored.row.name, gaps)
        await set_state(unit.session, integration_id, "active")
        await add_usual(unit.session, integration_id)


async def require_complete(parts: Parts, integration_id: UUID, *, actor: str) -> None:
    """Raise `IntegrationIncomplete`, listing every gap, when a draft cannot be tried yet. Any other integration was complete once."""
    async with parts.database.reading() as session:
        stored = await stored_integration(session, integration_id)
    if stored.row.state == "draft" and (gaps := await all_gaps(parts, stored, actor=actor)):
        raise incomplete(stored.row.name, gaps)


async def pause(parts: Parts, integration_id: UUID, *, actor: str) -> None:
    """Keep an active integration from running; a run that has begun ends by itself. Raises `WrongState`."""
    await _move(parts, integration_id, {"active": "paused", "paused": "paused"}, actor)


async def resume(parts: Parts, integration_id: UUID, *, actor: str) -> None:
    """Let a paused integration run again. Raises `WrongState`."""
    await _move(parts, integration_id, {"active": "active", "paused": "active"}, actor)


async def release_from_quarantine(parts: Parts, integration_id: UUID, *, actor: str) -> None:
    """End the quarantine of an integration. Raises `NotQuarantined`."""
    async with parts.units.begin(actor=actor) as unit:
        await stored_integration(unit.session, integration_id, locked=True)
        await release(unit.session, integration_id)


async def _move(parts: Parts, integration_id: UUID, moves: dict[str, str], actor: str) -> None:
    async with parts.units.begin(actor=actor) as unit:
        stored = await stored_integration(unit.session, integration_id, locked=True)
        if stored.row.state not in moves:
            raise WrongState(f"{stored.row.name!r} is {stored.row.state}", remedy=FIRST[stored.row.state])
        await set_state(unit.session, integration_id, moves[stored.row.state])
