"""Giving an agent the run that is due: claimed under its name, as a worker of ours would claim it under a lease."""

from datetime import datetime, timedelta
from uuid import UUID

from connector.agents.agents import note_seen
from connector.agents.inputs import shown_inputs
from connector.runs.beginning import begin, provenance_of
from connector.runs.claims import Claim, waiting
from connector.runs.phases import PROVING, QUEUED
from connector.runs.work import fail, since_of, take
from connector.scope import Parts
from connector.sources.base import Input
from shared.api.agents import ClaimIn, TaskOut
from shared.errors import AppError
from shared.observability.logging import get_logger

log = get_logger(__name__)

AT_ONCE = 10
"""Runs that are tried for one claim: others may take them, and some cannot begin."""


async def claim_task(parts: Parts, agent: str, given: ClaimIn) -> TaskOut | None:
    """Return the oldest run of the agent's that is due, now its own; None when there is nothing to do."""
    async with parts.units.begin(actor=agent) as unit:
        await note_seen(unit.session, agent, given)
    async with parts.database.reading() as session:
        candidates = await waiting(session, AT_ONCE, [], agent)
    for candidate in candidates:
        task = await _taken(parts, candidate.id, candidate.fence)
        if task is not None:
            log.info("run_given_to_agent", agent=agent, run_id=str(task.run_id), step=task.step)
            return task
    return None


async def _taken(parts: Parts, run_id: UUID, fence: int) -> TaskOut | None:
    held = await take(parts, run_id, fence)
    if held is None:
        return None
    if held.row.phase != QUEUED:
        return _task(held, await since_of(parts, held))
    try:
        async with parts.units.begin(correlation_id=held.row.correlation_id) as unit:
            await begin(unit.session, held, parts.providers)
            begun = await held.reread(unit.session)
        return _task(begun, await since_of(parts, begun))
    except AppError as error:
        await fail(parts, held, error)
        return None


def _task(held: Claim, since: dict[str, datetime] | None) -> TaskOut:
    row, provenance = held.row, provenance_of(held)
    variables = row.input_variables or {}
    return TaskOut(
        run_id=row.id,
        fence=held.fence,
        lease_seconds=held.lease / timedelta(seconds=1),
        step="proving" if row.phase == PROVING else "listing",
        integration_id=row.integration_id,
        integration_name=provenance.integration_name,
        provider=provenance.provider,
        credential=provenance.credential_name,
        inputs=shown_inputs(Input(key, value, variables.get(key)) for key, value in provenance.inputs.items()),
        since=row.since,
        since_by_part=since or {},
        cursor=row.next_cursor,
        correlation_id=row.correlation_id,
    )
