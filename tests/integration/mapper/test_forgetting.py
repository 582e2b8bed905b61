"""What the mapper forgets of an integration that was deleted, and what it keeps."""

from datetime import timedelta

from sqlalchemy import func, select

from mapper.plans.retention import remove_old
from mapper.tables import LINKS, PLAN_ITEMS, PLANS
from shared.events import IntegrationDeleted
from tests.support.mapper import Mapper, source_user


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
