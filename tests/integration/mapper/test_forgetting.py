"""What the mapper forgets: of an integration that was deleted, and of losses that are long past; and what it keeps."""

import asyncio
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import func, select, update

from mapper.plans.retention import remove_old
from mapper.tables import LINKS, LOSSES, PLAN_ITEMS, PLANS
from shared.clock import now
from shared.events import IntegrationDeleted
from tests.support.guard import gone, hired
from tests.support.mapper import Mapper, running_mapper, source_user


async def test_the_mapping_and_raw_records_of_plans_go_and_records_stay(mapper: Mapper) -> None:
    """Nobody plans for an integration that is gone; a person is not gone with it."""
    await mapper.observe([source_user(number) for number in range(3)])
    planned = mapper.page([source_user(9)], mode="plan", run_id="0190b7a4-0000-7000-8000-000000000009")
    await mapper.publish(planned)
    before = (await mapper.people(), await mapper.saas_users())
    gone = IntegrationDeleted(integration_id=mapper.integration_id, integration_name="Sophos users", deleted_by="admin")
    await mapper.publish(gone, gone)

    mapping = await mapper.call("GET", f"/integrations/{mapper.integration_id}/mapping")
    assert (mapping["version"], mapping["targets"]) == (0, {})
    assert (await mapper.people(), await mapper.saas_users()) == before
    assert await remove_old(mapper.units, timedelta(days=7)) > 0
    async with mapper.database.reading() as session:
        counts = [await session.scalar(select(func.count()).select_from(table)) for table in (PLANS, PLAN_ITEMS, LINKS)]
    assert counts == [0, 0, 3]


async def test_losses_that_no_window_counts_any_more_are_removed(database_url: SecretStr, tmp_path: Path) -> None:
    """The book would grow for ever; what a window may still count must stay in it, or a slow leak would pass."""
    async with running_mapper(database_url, tmp_path) as mapper:
        await mapper.ready()
        await hired(mapper, 8)
        await gone(mapper, 1)
        await gone(mapper, 2)
        async with mapper.units.begin() as unit:
            ages = (timedelta(days=15), timedelta(days=6, hours=23))
            ids = list(await unit.session.scalars(select(LOSSES.c.record_id).order_by(LOSSES.c.at)))
            for record_id, age in zip(ids, ages, strict=True):
                await unit.session.execute(update(LOSSES).where(LOSSES.c.record_id == record_id).values(at=now() - age))
    async with running_mapper(database_url, tmp_path) as mapper, asyncio.timeout(10):
        while await left(mapper) != ids[1:]:  # noqa: ASYNC110 - the hourly look tells nobody
            await asyncio.sleep(0.02)


async def left(mapper: Mapper) -> list[object]:
    """Return whose losses are in the book."""
    async with mapper.database.reading() as session:
        return list(await session.scalars(select(LOSSES.c.record_id)))
