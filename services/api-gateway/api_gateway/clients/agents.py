"""What the gateway asks the connector for agents, and about them."""

from uuid import UUID

from api_gateway.clients.internal import InternalClient
from shared.api.agents import AgentOut, AgentSelfOut, AnswersIn, ClaimIn, ClaimOut, FailureIn, HeldIn, HeldOut, PagesIn, QuestionsOut
from shared.http.paging import Page


class AgentsClient(InternalClient):
    """Runs that are read elsewhere. The actor is the agent: the connector gives it its own runs only."""

    audience = "connector"

    async def listed(self, *, actor: str) -> Page[AgentOut]:
        """Return every agent that has asked for work."""
        return await self.get(Page[AgentOut], "/internal/agents", actor=actor)

    async def own(self, *, actor: str) -> AgentSelfOut:
        """Return what the agent is there for."""
        return await self.get(AgentSelfOut, "/internal/agent", actor=actor)

    async def claim(self, given: ClaimIn, *, actor: str) -> ClaimOut:
        """Give the run that is due."""
        return await self.ask(ClaimOut, "POST", "/internal/agent/claims", actor=actor, body=given)

    async def pages(self, run_id: UUID, given: PagesIn, *, actor: str) -> HeldOut:
        """Store pages."""
        return await self.ask(HeldOut, "POST", f"/internal/agent/runs/{run_id}/pages", actor=actor, body=given)

    async def answers(self, run_id: UUID, given: AnswersIn, *, actor: str) -> QuestionsOut:
        """Store answers; return the next questions."""
        return await self.ask(QuestionsOut, "POST", f"/internal/agent/runs/{run_id}/answers", actor=actor, body=given)

    async def alive(self, run_id: UUID, given: HeldIn, *, actor: str) -> HeldOut:
        """Renew the lease."""
        return await self.ask(HeldOut, "POST", f"/internal/agent/runs/{run_id}/alive", actor=actor, body=given)

    async def release(self, run_id: UUID, given: HeldIn, *, actor: str) -> None:
        """Take a run back."""
        await self.call("POST", f"/internal/agent/runs/{run_id}/release", actor=actor, body=given)

    async def failure(self, run_id: UUID, given: FailureIn, *, actor: str) -> None:
        """End a run that cannot be done."""
        await self.call("POST", f"/internal/agent/runs/{run_id}/failure", actor=actor, body=given)
