"""Assets: shown and changed by hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.values import moment
from mapper.records.finding import id_of
from mapper.records.listing import Wanted, listed, selected
from mapper.records.patching import RecordNotFound, patched
from mapper.tables import ASSETS, LINKS
from shared.api.assets import AssetOut
from shared.api.records import RecordChange, RecordPage
from shared.db.types import Timestamp
from shared.unit import Unit


async def list_assets(session: AsyncSession, ask: Wanted) -> RecordPage[AssetOut]:
    """Return a page of assets."""
    page = await listed(session, "asset", ask)
    with_times = ask.fields is None or "synced_at" in ask.fields
    seen = await last_seen(session, [row.id for row in page.rows]) if with_times else {}
    return RecordPage(items=[shown(row, seen.get(row.id), ask.fields) for row in page.rows], **page.paged())


async def read_asset(session: AsyncSession, asset_id: UUID) -> AssetOut:
    """Return one asset. Raises `RecordNotFound`."""
    row = (await session.execute(select(ASSETS).where(ASSETS.c.id == asset_id))).one_or_none()
    if row is None:
        raise RecordNotFound(f"there is no asset {asset_id}", remedy="Use an id from the list of assets.")
    return shown(row, (await last_seen(session, [asset_id])).get(asset_id))


async def find_asset(session: AsyncSession, key: str, value: str) -> AssetOut:
    """Return the asset with this value of a unique field. Raises `UnknownField`, `NotUnique`, `RecordNotFound`."""
    return await read_asset(session, await id_of(session, "asset", key, value))


async def change_asset(unit: Unit, asset_id: UUID, given: RecordChange) -> AssetOut:
    """Change an asset by hand."""
    await patched(unit, "asset", asset_id, given)
    return await read_asset(unit.session, asset_id)


def shown(row: Row[Any], seen: datetime | None, wanted_fields: Sequence[str] | None = None) -> AssetOut:
    """Return an asset from its row, with the fields that are wanted; `seen` is when an integration last observed it."""
    return AssetOut(
        id=row.id,
        person_id=row.person_id,
        revision=row.revision,
        fields=selected({**row.fields, "synced_at": None if seen is None else moment(seen.isoformat())}, wanted_fields),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def last_seen(session: AsyncSession, asset_ids: list[UUID]) -> dict[UUID, datetime]:
    """Return when each asset was last observed, in one statement."""
    newest = select(LINKS.c.asset_id, func.max(LINKS.c.last_observed_at, type_=Timestamp).label("seen"))
    rows = await session.execute(newest.where(LINKS.c.asset_id.in_(asset_ids)).group_by(LINKS.c.asset_id))
    return {row.asset_id: row.seen for row in rows}
