"""Schedules at work: one run for each due time, whoever looks, and what was missed is caught up once."""

import asyncio
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, insert, select, update

from connector.schedules.schedules import list_schedules, put_schedule
from connector.schedules.ticker import begin_due
from connector.tables import INTEGRATIONS, OUTBOX, RUNS, SCHEDULES, SCHEMA
from shared.api.schedules import IntervalTiming, ScheduleIn
from shared.clock import now
from shared.db.engine import opened
from shared.db.migrate import upgrade
from shared.ids import new_id
from shared.unit import Units
from tests.support.connector import World, ended, eventually, launched

HOURLY = ScheduleIn(timing=IntervalTiming(minutes=60))


async def integration(units: Units, state: str = "active") -> Any:
    """Store an integration with an hourly schedule."""
    made, moment = new_id(), now()
    async with units.begin() as unit:
        row = {"id": made, "provider": "sophos-users", "name": str(made), "name_key": str(made), "state": state}
        row |= {"installation": "cloud", "preference": "create_and_update", "created_at": moment, "updated_at": moment}
        await unit.session.execute(insert(INTEGRATIONS).values(row))
        await put_schedule(unit.session, made, "full", HOURLY)
    return made


async def runs(units: Units) -> int:
    """Count the runs."""
    async with units.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(RUNS)) or 0


async def test_replicas_queue_one_run_for_each_due_time(database_url: SecretStr) -> None:
    """However many look at once, and at whichever moment they look."""
    await upgrade(database_url, SCHEMA)
    async with opened(database_url, SCHEMA.name) as database:
        units = Units(database, OUTBOX)
        for _ in range(5):
            await integration(units)
        for state in ("paused", "draft"):
            await integration(units, state)
        archived = await integration(units, "draft")
        async with units.begin() as unit:
            await unit.session.execute(update(INTEGRATIONS).where(INTEGRATIONS.c.id == archived).values(state="archived"))
        assert await begin_due(units, now()) == 0
        later = now() + timedelta(minutes=61)
        begun = await asyncio.gather(*(begin_due(units, later) for _ in range(4)))
        assert sum(begun) == 5
        assert await begin_due(units, later) == 0
        assert await runs(units) == 5


async def test_what_was_missed_is_caught_up_once(database_url: SecretStr) -> None:
    """After a weekend without power there is one run, not fifty."""
    await upgrade(database_url, SCHEMA)
    async with opened(database_url, SCHEMA.name) as database:
        units = Units(database, OUTBOX)
        made = await integration(units)
        later = now() + timedelta(hours=50)
        assert await begin_due(units, later) == 1
        assert await begin_due(units, later + timedelta(minutes=9)) == 0
        async with database.reading() as session:
            (shown,) = await list_schedules(session, made)
        assert later < shown.next_due[0] <= later + timedelta(hours=1)
        assert len(shown.next_due) == 5


async def test_a_time_that_comes_while_a_run_is_going_is_skipped_and_said(database_url: SecretStr) -> None:
    """Runs do not pile up behind a slow one."""
    await upgrade(database_url, SCHEMA)
    async with opened(database_url, SCHEMA.name) as database:
        units = Units(database, OUTBOX)
        made = await integration(units)
        assert await begin_due(units, now() + timedelta(minutes=61)) == 1
        assert await begin_due(units, now() + timedelta(minutes=122)) == 0
        async with database.reading() as session:
            (shown,) = await list_schedules(session, made)
        assert "has a run that has not ended" in (shown.skipped or "")
        assert shown.last_run_id is not None


async def test_an_integration_runs_by_itself_from_its_launch_on(here: World) -> None:
    """Every night, by a schedule that anybody can look at and change."""
    async with here.connector(schedule_poll=0.05) as api:
        integration_id = await launched(api, here)
        (usual,) = (await api.get(f"/integrations/{integration_id}/schedules"))["items"]
        assert (usual["kind"], usual["timing"], usual["enabled"]) == ("full", {"type": "daily", "at": "02:00"}, True)
        assert len(usual["next_due"]) == 5
        async with opened(here.settings.database_url, SCHEMA.name) as database, database.writes() as session, session.begin():
            await session.execute(update(SCHEDULES).values(next_due=now()))

        async def begun() -> dict[str, Any] | None:
            found = (await api.get(f"/integrations/{integration_id}/runs"))["items"]
            return found[0] if found else None

        done = await ended(api, (await eventually(begun))["id"])
        quick = {"timing": {"type": "interval", "minutes": 15}, "time_zone": "Europe/Berlin"}
        stored = await api.ask("PUT", f"/integrations/{integration_id}/schedules/quick", quick)
        refused = await api.ask("PUT", f"/integrations/{integration_id}/schedules/quick", {**quick, "time_zone": "Mars"}, expect=422)
        await api.ask("DELETE", f"/integrations/{integration_id}/schedules/full", expect=204)
        await api.ask("DELETE", f"/integrations/{integration_id}/schedules/full", expect=404)
        left = (await api.get(f"/integrations/{integration_id}/schedules"))["items"]

    assert (done["state"], done["requested_by"]) == ("completed", "schedule")
    assert stored["timing"]["minutes"] == 15
    assert refused["fields"][0]["field"] == "time_zone"
    assert [one["kind"] for one in left] == ["quick"]
