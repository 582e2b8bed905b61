"""Request limits of sources: what is spent, and what a run will cost."""

from uuid import UUID

from fastapi import APIRouter

from api_gateway.api.v1.routing import subject
from api_gateway.scope import InAccount, InParts
from shared.api.rates import BudgetOut, ForecastKind, ForecastOut
from shared.http.paging import Page

rates: APIRouter = subject("/rates", "rates")
forecasts: APIRouter = subject("/integrations/{integration_id}/forecast", "rates")


@rates.get("")
async def list_budgets(parts: InParts, account: InAccount) -> Page[BudgetOut]:
    """Return what each scope, such as a Sophos tenant, may be asked now."""
    return await parts.rates.budgets(actor=account.name)


@forecasts.get("")
async def read_forecast(integration_id: UUID, parts: InParts, account: InAccount, kind: ForecastKind = "full") -> ForecastOut:
    """Return what a run would cost now: requests, minutes, and how much of the coming hour it leaves."""
    return await parts.rates.forecast(integration_id, kind, actor=account.name)
