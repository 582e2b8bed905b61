"""Saving what is in use needs a forecast that was looked at: of just this, on what there is now."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.forecasts.asking import content_of, forecast_row, has_moved
from mapper.forecasts.working import begin_forecast
from mapper.mappings.mappings import current, same_content
from mapper.scope import Parts
from mapper.tables import OBSERVATIONS
from shared.api.forecasts import FORECAST_NEEDED, ForecastIn, ForecastOut
from shared.api.plans import PlanAction
from shared.errors import Conflict

TOUCHING: tuple[PlanAction, ...] = ("create", "update", "reject", "filter")


class ForecastNeeded(Conflict):
    """What is saved would change records, and nobody has looked at how many; `forecast` says so."""

    code, title = FORECAST_NEEDED, "Look at what would change first"


class ForecastMoved(Conflict):
    """The forecast that was looked at is of something else, or of another moment."""

    code, title = "forecast_moved", "The forecast holds no longer"


async def require_forecast(parts: Parts, integration_id: UUID, given: ForecastIn, forecast_id: UUID | None, *, actor: str) -> None:
    """Return when a configuration may be saved: it changes nothing, or the forecast is of just this and holds.

    Raises `ForecastNeeded`, `ForecastMoved`, `ForecastNotFound`, and whatever saving a mapping raises.
    """
    async with parts.database.reading() as session:
        if not await _matters(session, integration_id, given):
            return
        if forecast_id is not None:
            await _require(session, integration_id, given, forecast_id)
            return
    forecast = await begin_forecast(parts, integration_id, given, complete=True, actor=actor)
    if forecast.state == "done" and not any(forecast.actions.get(action) for action in TOUCHING):
        return
    raise ForecastNeeded(
        _said(forecast),
        remedy=f"Look at the forecast, then send the same again with forecast set to {forecast.id}.",
        forecast=forecast.model_dump(mode="json"),
    )


async def _matters(session: AsyncSession, integration_id: UUID, given: ForecastIn) -> bool:
    if given.mapping is not None and same_content(await current(session, integration_id), given.mapping):
        return False
    return bool(await session.scalar(select(exists().where(OBSERVATIONS.c.integration_id == integration_id))))


async def _require(session: AsyncSession, integration_id: UUID, given: ForecastIn, forecast_id: UUID) -> None:
    row = await forecast_row(session, integration_id, forecast_id)
    moved = None
    if row.content != content_of(given):
        moved = "the forecast is of something else than what is saved"
    elif row.state != "done":
        moved = "the forecast has not come to its end"
    if moved := moved or await has_moved(session, row):
        raise ForecastMoved(moved, remedy="Ask for a new forecast, and look at it.")


def _said(forecast: ForecastOut) -> str:
    if forecast.state != "done":
        return f"{forecast.records} records are being looked at; nothing was saved"
    named = [f"{forecast.actions[action]} to {action}" for action in TOUCHING if forecast.actions.get(action)]
    return f"of {forecast.records} records there would be {', '.join(named)}; no workflow would start by itself, and nothing was saved"
