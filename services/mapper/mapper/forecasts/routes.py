"""Routes of the forecasts."""

from uuid import UUID

from fastapi import APIRouter

from mapper.forecasts.asking import read_forecast
from mapper.forecasts.requiring import require_forecast
from mapper.forecasts.working import begin_forecast
from mapper.scope import InCaller, InParts, InReading
from shared.api.forecasts import ForecastIn, ForecastNeededIn, ForecastOut

router = APIRouter(prefix="/integrations/{integration_id}/mapping/forecasts", tags=["forecasts"])


@router.post("", status_code=201)
async def forecast(integration_id: UUID, given: ForecastIn, parts: InParts, caller: InCaller, *, complete: bool = False) -> ForecastOut:
    """Say what a configuration would do; what takes longer goes on."""
    return await begin_forecast(parts, integration_id, given, complete=complete, actor=caller.actor)


@router.get("/{forecast_id}")
async def read(integration_id: UUID, forecast_id: UUID, session: InReading) -> ForecastOut:
    """Return a forecast, as far as it has come."""
    return await read_forecast(session, integration_id, forecast_id)


@router.post("/required", status_code=204)
async def required(integration_id: UUID, given: ForecastNeededIn, parts: InParts, caller: InCaller) -> None:
    """Refuse a configuration that would change records, unless its forecast was looked at."""
    asked = ForecastIn.model_validate(given.model_dump(exclude={"forecast"}, exclude_unset=True))
    await require_forecast(parts, integration_id, asked, given.forecast, actor=caller.actor)
