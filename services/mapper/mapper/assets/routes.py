"""Routes of assets."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from mapper.assets.assets import change_asset, find_asset, list_assets, read_asset
from mapper.history.as_of import asset_as_of
from mapper.records.listing import Wanted, wanted
from mapper.scope import InReading, InRequest
from mapper.timeline.timeline import timeline_of_asset
from shared.api.assets import AssetAt, AssetOut
from shared.api.base import Moment
from shared.api.records import RecordChange, RecordPage, TimelineEntry
from shared.http.paging import Page

router = APIRouter(prefix="/assets", tags=["assets"])


@router.get("")
async def list_all(session: InReading, ask: Annotated[Wanted, Depends(wanted)]) -> RecordPage[AssetOut]:
    """Return assets."""
    return await list_assets(session, ask)


@router.get("/by/{field}/{value:path}")
async def find(field: str, value: str, session: InReading) -> AssetOut:
    """Return the asset with this value of a unique field."""
    return await find_asset(session, field, value)


@router.get("/{asset_id}")
async def read(asset_id: UUID, session: InReading, as_of: Moment | None = None) -> AssetAt:
    """Return one asset, now or as it was at a moment."""
    if as_of is not None:
        return await asset_as_of(session, asset_id, as_of)
    return AssetAt.model_validate(await read_asset(session, asset_id))


@router.patch("/{asset_id}")
async def change(asset_id: UUID, given: RecordChange, unit: InRequest) -> AssetOut:
    """Change fields of an asset."""
    return await change_asset(unit, asset_id, given)


@router.get("/{asset_id}/timeline")
async def timeline(asset_id: UUID, session: InReading) -> Page[TimelineEntry]:
    """Return what happened to an asset, oldest first."""
    return Page(items=await timeline_of_asset(session, asset_id))
