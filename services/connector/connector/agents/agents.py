"""Agents as seen: each is the account that asked for work, and is kept from its first time on."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.agents.inputs import shown_inputs
from connector.tables import AGENTS, INTEGRATIONS
from connector.variables.inputs import inputs_of_many
from shared.api.agents import AgentOut, AgentSelfOut, AssignedOut, ClaimIn
from shared.clock import now
from shared.db.upsert import insert_for

SEEN_EVERY = timedelta(seconds=30)
"""How exact `seen_at` is: agents ask often, and a write each time would cost more than it tells."""


async def note_seen(session: AsyncSession, name: str, given: ClaimIn) -> None:
    """Remember that an agent has asked for work."""
    moment = now()
    told = {"version": given.version, "providers": sorted(set(given.providers)), "seen_at": moment}
    new = insert_for(session, AGENTS).values(name=name, first_seen_at=moment, **told)
    stale = AGENTS.c.seen_at < moment - SEEN_EVERY
    await session.execute(new.on_conflict_do_update(index_elements=["name"], set_=told, where=stale))


async def list_agents(session: AsyncSession) -> list[AgentOut]:
    """Return every agent that has ever asked for work, by name."""
    rows = (await session.execute(select(AGENTS).order_by(AGENTS.c.name))).all()
    named: dict[str, list[str]] = {row.name: [] for row in rows}
    theirs = select(INTEGRATIONS.c.agent, INTEGRATIONS.c.name).where(INTEGRATIONS.c.agent.in_(named), INTEGRATIONS.c.state != "archived")
    for agent, name in await session.execute(theirs.order_by(INTEGRATIONS.c.name_key)):
        named[agent].append(name)
    return [AgentOut.model_validate({**row._asdict(), "integrations": named[row.name]}) for row in rows]


async def assigned_to(session: AsyncSession, name: str) -> AgentSelfOut:
    """Return what an agent is there for: the integrations that name it."""
    theirs = select(INTEGRATIONS).where(INTEGRATIONS.c.agent == name, INTEGRATIONS.c.state != "archived").order_by(INTEGRATIONS.c.name_key)
    rows = (await session.execute(theirs)).all()
    inputs = await inputs_of_many(session, [row.id for row in rows])
    assigned = [
        AssignedOut(
            id=row.id,
            name=row.name,
            state=row.state,
            provider=row.provider,
            credential=row.local_credential,
            inputs=shown_inputs(inputs[row.id]),
        )
        for row in rows
    ]
    return AgentSelfOut(name=name, integrations=assigned)
