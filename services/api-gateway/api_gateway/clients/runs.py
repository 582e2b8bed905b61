"""What the gateway asks the connector about runs."""

from typing import Literal
from uuid import UUID

from api_gateway.clients.internal import InternalClient
from api_gateway.clients.listing import ListQuery
from shared.api.runs import ReplayIn, RunErrorOut, RunIn, RunLogEntry, RunOut, RunPageOut
from shared.http.paging import Page


class RunsClient(InternalClient):
    """Runs of integrations."""

    audience = "connector"

    async def request(self, integration_id: UUID, given: RunIn, *, actor: str) -> RunOut:
        """Queue a run."""
        return await self.ask(RunOut, "POST", f"/internal/integrations/{integration_id}/runs", actor=actor, body=given)

    async def of_integration(self, integration_id: UUID, ask: ListQuery, *, actor: str) -> Page[RunOut]:
        """Return an integration's runs, the newest first."""
        return await self.get(Page[RunOut], f"/internal/integrations/{integration_id}/runs", actor=actor, **ask.params())

    async def one(self, run_id: UUID, *, actor: str) -> RunOut:
        """Return one run with its progress."""
        return await self.get(RunOut, f"/internal/runs/{run_id}", actor=actor)

    async def cancel(self, run_id: UUID, *, actor: str) -> RunOut:
        """Let a run read and ask no further."""
        return await self.ask(RunOut, "POST", f"/internal/runs/{run_id}/cancel", actor=actor)

    async def apply(self, run_id: UUID, *, actor: str) -> RunOut:
        """Queue a run that applies a plan."""
        return await self.ask(RunOut, "POST", f"/internal/runs/{run_id}/apply", actor=actor)

    async def decide(self, run_id: UUID, step: Literal["approve", "reject"], *, actor: str) -> RunOut:
        """Let a run that waits go on, or end it."""
        return await self.ask(RunOut, "POST", f"/internal/runs/{run_id}/{step}", actor=actor)

    async def errors(self, run_id: UUID, ask: ListQuery, *, actor: str) -> Page[RunErrorOut]:
        """Return the records of a run that could not be applied."""
        return await self.get(Page[RunErrorOut], f"/internal/runs/{run_id}/errors", actor=actor, **ask.params())

    async def replay(self, run_id: UUID, given: ReplayIn, *, actor: str) -> RunOut:
        """Queue a run that tells the records of errors again."""
        return await self.ask(RunOut, "POST", f"/internal/runs/{run_id}/errors/replay", actor=actor, body=given)

    async def redact(self, run_id: UUID, error_id: UUID, *, actor: str) -> RunErrorOut:
        """Remove the raw record of an error."""
        return await self.ask(RunErrorOut, "POST", f"/internal/runs/{run_id}/errors/{error_id}/redact", actor=actor)

    async def pages(self, run_id: UUID, ask: ListQuery, *, actor: str) -> Page[RunPageOut]:
        """Return the pages of a run."""
        return await self.get(Page[RunPageOut], f"/internal/runs/{run_id}/pages", actor=actor, **ask.params())

    async def log(self, run_id: UUID, ask: ListQuery, *, actor: str) -> Page[RunLogEntry]:
        """Return what happened in a run, oldest first."""
        return await self.get(Page[RunLogEntry], f"/internal/runs/{run_id}/log", actor=actor, **ask.params())
