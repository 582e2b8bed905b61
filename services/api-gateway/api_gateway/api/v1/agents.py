"""The agent's own routes, which nobody else may use, and the list of agents for everybody else."""

from uuid import UUID

from fastapi import APIRouter

from api_gateway.api.v1.routing import subject
from api_gateway.scope import InAccount, InParts
from shared.api.agents import AgentOut, AgentSelfOut, AnswersIn, ClaimIn, ClaimOut, FailureIn, HeldIn, HeldOut, PagesIn, QuestionsOut
from shared.http.paging import Page

agents: APIRouter = subject("/agents", "agents")
agent: APIRouter = subject("/agent", "agents")


@agents.get("")
async def list_agents(parts: InParts, account: InAccount) -> Page[AgentOut]:
    """Return every agent that has ever asked for work: its version, when it was last seen, and which integrations name it."""
    return await parts.agents.listed(actor=account.name)


@agent.get("")
async def read_own(parts: InParts, account: InAccount) -> AgentSelfOut:
    """Return the integrations that name the agent, with provider, credential's name and inputs."""
    return await parts.agents.own(actor=account.name)


@agent.post("/claims")
async def claim(given: ClaimIn, parts: InParts, account: InAccount) -> ClaimOut:
    """Take the oldest run that is due and nobody works on. It is the agent's for `lease_seconds` after each sign of life."""
    return await parts.agents.claim(given, actor=account.name)


@agent.post("/runs/{run_id}/pages")
async def store_pages(run_id: UUID, given: PagesIn, parts: InParts, account: InAccount) -> HeldOut:
    """Store pages, all or none. 409 `out_of_step` says at which cursor to go on, 409 `lease_lost` and `run_moved_on` to leave it."""
    return await parts.agents.pages(run_id, given, actor=account.name)


@agent.post("/runs/{run_id}/answers")
async def store_answers(run_id: UUID, given: AnswersIn, parts: InParts, account: InAccount) -> QuestionsOut:
    """Store what the source says of ids that its listing did not show; return the next ids to ask for."""
    return await parts.agents.answers(run_id, given, actor=account.name)


@agent.post("/runs/{run_id}/alive")
async def keep_alive(run_id: UUID, given: HeldIn, parts: InParts, account: InAccount) -> HeldOut:
    """Show a sign of life. 409 `lease_lost`: somebody else goes on, or the run was cancelled."""
    return await parts.agents.alive(run_id, given, actor=account.name)


@agent.post("/runs/{run_id}/release", status_code=204)
async def release(run_id: UUID, given: HeldIn, parts: InParts, account: InAccount) -> None:
    """Give a run back: the next claim goes on where it stands."""
    await parts.agents.release(run_id, given, actor=account.name)


@agent.post("/runs/{run_id}/failure", status_code=204)
async def fail(run_id: UUID, given: FailureIn, parts: InParts, account: InAccount) -> None:
    """End a run that cannot be done, and say why."""
    await parts.agents.failure(run_id, given, actor=account.name)
