"""Routes of the request limits."""

from uuid import UUID

from fastapi import APIRouter

from connector.rates.asking import budgets, forecast_of
from connector.scope import InParts
from shared.api.rates import BudgetOut, ForecastKind, ForecastOut
from shared.http.paging import Page

router = APIRouter(tags=["rates"])


@router.get("/rates")
async def list_budgets(parts: InParts) -> Page[BudgetOut]:
    """Return what each scope may be asked now."""
    return Page(items=await budgets(parts))


@router.get("/integrations/{integration_id}/forecast")
async def read_forecast(integration_id: UUID, parts: InParts, kind: ForecastKind = "full") -> ForecastOut:
    """Return what a run would cost now."""
    return await forecast_of(parts, integration_id, kind)
