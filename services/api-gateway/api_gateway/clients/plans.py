"""What the gateway asks the mapper about plans."""

from uuid import UUID

from api_gateway.clients.internal import InternalClient
from shared.api.checks import CheckOut
from shared.api.plans import PlanAction, PlanItemOut, PlanOut, PlanOutcome
from shared.http.paging import Page


class PlansClient(InternalClient):
    """What runs would do."""

    audience = "mapper"

    async def one(self, run_id: UUID, *, actor: str) -> PlanOut:
        """Return a run's plan, counted."""
        return await self.get(PlanOut, f"/internal/plans/{run_id}", actor=actor)

    async def items(
        self,
        run_id: UUID,
        *,
        action: PlanAction | None,
        outcome: PlanOutcome | None,
        source_id: str | None,
        cursor: str | None,
        limit: int,
        actor: str,
    ) -> Page[PlanItemOut]:
        """Return a plan's records."""
        wanted = {"action": action, "outcome": outcome, "source_id": source_id, "cursor": cursor, "limit": limit}
        return await self.get(Page[PlanItemOut], f"/internal/plans/{run_id}/items", actor=actor, **wanted)

    async def check_plan(self, run_id: UUID, *, actor: str) -> CheckOut:
        """Return what would become of all records of a plan, and what speaks against launching."""
        return await self.get(CheckOut, f"/internal/plans/{run_id}/check", actor=actor)
