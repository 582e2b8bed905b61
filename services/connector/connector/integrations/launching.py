"""Launching, pausing and resuming: a launch is refused while anything is missing or cannot work, naming all of it."""

from uuid import UUID

from connector.integrations.access import ReadByAgent
from connector.integrations.checking import check
from connector.integrations.gaps import all_gaps, incomplete
from connector.integrations.integrations import set_state, stored_integration
from connector.integrations.states import FIRST, WrongState
from connector.quarantine.quarantine import release
from connector.schedules.schedules import add_usual
from connector.scope import Parts
from shared.api.base import Gap
from shared.errors import Conflict, Upstream, UpstreamRefused


class LaunchRefused(Conflict):
    """A real page of the source shows that the mapping cannot work; `fields` says why."""

    code, title = "launch_refused", "The integration cannot be launched"


async def launch(parts: Parts, integration_id: UUID, *, actor: str) -> list[Gap]:
    """Make a draft active; from then on it runs every night, unless it reads files. An active one stays so. Return what will hurt.

    Raises `IntegrationIncomplete`, `WrongState`, `LaunchRefused` when no record of a real page could be let in, and what the source
    raises when it will answer the same tomorrow.
    """
    async with parts.database.reading() as session:
        stored = await stored_integration(session, integration_id)
    is_draft = stored.row.state == "draft"
    gaps = await all_gaps(parts, stored, actor=actor) if is_draft else []
    warnings = await _looked_at(parts, integration_id, stored.row.name, actor=actor) if is_draft and not gaps else []
    async with parts.units.begin(actor=actor) as unit:
        stored = await stored_integration(unit.session, integration_id, locked=True)
        if stored.row.state in {"paused", "archived"}:
            raise WrongState(f"{stored.row.name!r} is {stored.row.state}", remedy=FIRST[stored.row.state])
        if stored.row.state == "active":
            return []
        if gaps:
            raise incomplete(stored.row.name, gaps)
        await set_state(unit.session, integration_id, "active")
        if not parts.providers.get(stored.row.provider).manifest.uploads:
            await add_usual(unit.session, integration_id)
    return warnings


async def _looked_at(parts: Parts, integration_id: UUID, name: str, *, actor: str) -> list[Gap]:
    """Return what a real page warns of; that the source cannot be looked at from here, or now, is a warning too."""
    try:
        found = await check(parts, integration_id, actor=actor)
    except UpstreamRefused:
        raise
    except (Upstream, ReadByAgent) as error:
        remedy = "Ask for a run with mode plan before the first one that writes."
        return [Gap(field="source", message=f"the source was not looked at: {error.message}", remedy=remedy)]
    refusing = [finding for finding in found.findings if finding.severity == "refuses"]
    if refusing:
        words = "; ".join(finding.message for finding in refusing)
        fields = [finding.model_dump(mode="json") for finding in refusing]
        remedy = "Mend what the fields name, and look again with POST /integrations/{integration_id}/check."
        raise LaunchRefused(f"{name!r} cannot work: {words}", remedy=remedy, fields=fields)
    return [Gap(field=finding.field, message=finding.message, remedy=finding.remedy) for finding in found.findings]


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
