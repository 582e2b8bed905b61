"""Routes for agents, each in the name of the account that asks, and the list of agents for operators."""

from uuid import UUID

from fastapi import APIRouter

from connector.agents.agents import assigned_to, list_agents
from connector.agents.deliveries import fail_run, keep_alive, let_go, store_answers, store_pages
from connector.agents.tasks import claim_task
from connector.scope import InCaller, InParts, InReading
from shared.api.agents import AgentOut, AgentSelfOut, AnswersIn, ClaimIn, ClaimOut, FailureIn, HeldIn, HeldOut, PagesIn, QuestionsOut
from shared.http.paging import Page

router = APIRouter(tags=["agents"])


@router.get("/agents")
async def list_all(session: InReading) -> Page[AgentOut]:
    """Return every agent that has asked for work."""
    return Page(items=await list_agents(session))


@router.get("/agent")
async def read_own(session: InReading, caller: InCaller) -> AgentSelfOut:
    """Return what the agent that asks is there for."""
    return await assigned_to(session, caller.actor)


@router.post("/agent/claims")
async def claim(given: ClaimIn, parts: InParts, caller: InCaller) -> ClaimOut:
    """Give the run that is due."""
    return ClaimOut(task=await claim_task(parts, caller.actor, given))


@router.post("/agent/runs/{run_id}/pages")
async def pages(run_id: UUID, given: PagesIn, parts: InParts, caller: InCaller) -> HeldOut:
    """Store pages that an agent has read."""
    await store_pages(parts, caller.actor, run_id, given)
    return HeldOut(lease_seconds=parts.settings.lease_seconds)


@router.post("/agent/runs/{run_id}/answers")
async def answers(run_id: UUID, given: AnswersIn, parts: InParts, caller: InCaller) -> QuestionsOut:
    """Store what an agent found out; return whom to ask for next."""
    return await store_answers(parts, caller.actor, run_id, given)


@router.post("/agent/runs/{run_id}/alive")
async def alive(run_id: UUID, given: HeldIn, parts: InParts, caller: InCaller) -> HeldOut:
    """Renew an agent's lease."""
    return HeldOut(lease_seconds=await keep_alive(parts, caller.actor, run_id, given.fence))


@router.post("/agent/runs/{run_id}/release", status_code=204)
async def release(run_id: UUID, given: HeldIn, parts: InParts, caller: InCaller) -> None:
    """Take a run back from an agent that stops."""
    await let_go(parts, caller.actor, run_id, given.fence)


@router.post("/agent/runs/{run_id}/failure", status_code=204)
async def failure(run_id: UUID, given: FailureIn, parts: InParts, caller: InCaller) -> None:
    """End a run that an agent cannot do."""
    await fail_run(parts, caller.actor, run_id, given)
