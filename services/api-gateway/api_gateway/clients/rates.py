"""What the gateway asks the connector about request limits."""

from uuid import UUID

from api_gateway.clients.internal import InternalClient
from shared.api.rates import BudgetOut, ForecastKind, ForecastOut
from shared.http.paging import Page


class RatesClient(InternalClient):
    """Budgets and forecasts."""

    audience = "connector"

    async def budgets(self, *, actor: str) -> Page[BudgetOut]:
        """Return what each scope may be asked now."""
        return await self.get(Page[BudgetOut], "/internal/rates", actor=actor)

    async def forecast(self, integration_id: UUID, kind: ForecastKind, *, actor: str) -> ForecastOut:
        """Return what a run would cost now."""
        return await self.get(ForecastOut, f"/internal/integrations/{integration_id}/forecast", actor=actor, kind=kind)
