"""The budget in the database: replicas share it, a refusal closes it for all of them, and a run under it is as long as was forecast."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from connector.rates.budget import Rates
from connector.rates.lane import for_integration, urgent
from connector.rates.pace import STORING
from connector.rates.policy import ENFORCED, POLICIES
from connector.rates.waiting import Timing
from connector.tables import OUTBOX, RUN_PAGES, SCHEMA
from shared.db.engine import opened
from shared.db.migrate import upgrade
from shared.events import UsersObserved
from shared.unit import Units
from sophos_central_simulator.faults import Fault
from tests.support.connector import World, ended, launched, run
from tests.support.virtual_time import Stage

USERS = "/common/v1/directory/users"


class Time:
    """A clock that goes on only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.slept: list[float] = []
        self.timing = Timing(lambda: self.now, self.sleep)

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once, and let others have a turn."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@asynccontextmanager
async def replicas(url: SecretStr, timing: Timing, count: int = 2) -> AsyncIterator[list[Rates]]:
    """Give the budgets of several connectors on one database."""
    await upgrade(url, SCHEMA)
    async with opened(url, SCHEMA.name) as database:
        units = Units(database, OUTBOX)
        yield [Rates(units, ENFORCED, timing) for _ in range(count)]


async def test_replicas_share_one_budget(database_url: SecretStr) -> None:
    """Two connectors together pass what one would, and not a request more."""
    time = Time()
    async with replicas(database_url, time.timing) as (one, other):
        began = time.now
        for _ in range(150):
            await one.permit("sophos:t")
            await other.permit("sophos:t")
        await other.permit("sophos:another")
        took = time.now - began
    # 200 at once, then nearly 100 a minute: while the reserve for people is not there, runs leave them one in twenty-five.
    assert abs(took - (300 - 200) / (0.96 * 100 / 60)) < 1


async def test_a_refusal_closes_the_source_for_every_replica(database_url: SecretStr) -> None:
    """Whoever was not refused itself waits all the same; urgent or not."""
    time = Time()
    async with replicas(database_url, time.timing) as (one, other):
        await one.permit("sophos:t")
        await one.throttled("sophos:t", 30.0)
        began = time.now
        with urgent():
            await other.permit("sophos:t")
    assert 30 <= time.now - began < 31


async def test_a_waiter_who_is_cancelled_has_spent_nothing(database_url: SecretStr) -> None:
    """A cancelled run leaves its budget to others."""
    time = Time()
    async with replicas(database_url, time.timing) as (one, other):
        await one.throttled("sophos:t", 10.0)
        waiting = asyncio.create_task(Rates(one._units, ENFORCED, Timing(lambda: time.now)).permit("sophos:t"))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        time.now += 10
        for _ in range(200):
            await other.permit("sophos:t")
    assert time.slept == []


async def test_replicas_agree_on_turns_and_let_people_pass(database_url: SecretStr) -> None:
    """Four runs on two replicas take all there is and the same each; who deletes somebody meanwhile waits less than two seconds."""
    stage, passed, waits = Stage(), Counter[int](), list[float]()
    ends = stage.now + 180

    async def running(rates: Rates, number: int) -> None:
        with for_integration(UUID(int=number)):
            while stage.now < ends:
                await rates.permit("sophos:t")
                passed[number] += 1
                await stage.sleep(0.1 * (number + 1))

    async def deleting(rates: Rates) -> None:
        with urgent():
            while stage.now < ends:
                began = stage.now
                await rates.permit("sophos:t")
                waits.append(stage.now - began)
                await stage.sleep(4)

    async with replicas(database_url, stage.timing) as (one, other):
        await stage.play(running(one, 0), running(other, 1), running(one, 2), running(other, 3), deleting(other))

    assert sum(passed.values()) + len(waits) > 0.95 * (200 + 300)
    # The burst is for whoever comes; from then on they take turns.
    assert min(passed.values()) > 0.25 * (300 - len(waits)) * 0.9
    assert len(waits) > 40
    assert max(waits) < 2


async def test_a_run_asks_only_with_permits_and_says_what_it_will_cost(here: World) -> None:
    """The forecast names what the run then takes; what is spent is shown."""
    async with here.connector(rate_policy="enforced") as api:
        integration_id = await launched(api, here)
        told = await api.get(f"/integrations/{integration_id}/forecast")
        done = await run(api, integration_id)
        budgets = (await api.get("/rates"))["items"]

    assert (told["records"], told["requests"], told["scopes"]) == (250, 3, 1)
    assert told["requests"] == done["requests"]
    assert told["hour_left_percent"] > 99
    mine = next(one for one in budgets if one["scope"] == f"sophos:{here.tenant.id}")
    assert {limit["name"]: limit["most"] for limit in mine["limits"]} == {"minute": 200, "day": 200_000}
    # The question for the forecast, the pages, and a credential's test if there was one.
    assert mine["limits"][1]["free"] <= 200_000 - 4


async def test_a_forecast_knows_the_pace_of_the_last_run(here: World) -> None:
    """A small run is as long as its pages take, whatever the limits; one page asked for now says less than those of the last run."""
    async with here.connector(rate_policy="enforced", page_size=25) as api:
        integration_id = await launched(api, here)
        before = await api.get(f"/integrations/{integration_id}/forecast")
        assert (await run(api, integration_id))["state"] == "completed"
        async with opened(here.settings.database_url, SCHEMA.name) as database, Units(database, OUTBOX).begin() as unit:
            for page in range(1, 11):
                moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=2 * page)
                await unit.session.execute(update(RUN_PAGES).where(RUN_PAGES.c.page == page).values(committed_at=moment))
        after = await api.get(f"/integrations/{integration_id}/forecast")

    assert before["requests"] == after["requests"] == 11
    assert before["minutes"] < 11 * 2 / 60
    assert after["minutes"] == pytest.approx(11 * 2 / 60, rel=0.05)


async def test_the_minutes_of_a_small_run_are_what_the_last_one_took(here: World) -> None:
    """No limit holds it up: what it takes is its pages and their storing, which one question to a fast source does not show."""
    async with here.connector(page_size=50) as api:
        integration_id = await launched(api, here)
        first = await api.get(f"/integrations/{integration_id}/forecast")
        done = await run(api, integration_id)
        told = await api.get(f"/integrations/{integration_id}/forecast")
        async with opened(here.settings.database_url, SCHEMA.name) as database, Units(database, OUTBOX).begin() as unit:
            run_id = UUID(done["id"])
            stored = [*await unit.session.scalars(select(RUN_PAGES.c.committed_at).where(RUN_PAGES.c.run_id == run_id))]

    took = (max(stored) - datetime.fromisoformat(done["started_at"])).total_seconds()
    assert (done["pages"], told["requests"]) == (5, 6)
    assert first["minutes"] >= 6 * STORING / 60, "where nothing was measured, a page costs its storing at least"
    assert told["minutes"] == pytest.approx(6 * took / 5 / 60, abs=0.001)


async def test_a_quick_run_has_a_forecast_of_its_own(here: World) -> None:
    """One request where little has changed; where a whole page did, what that page lets expect; and none without a full run before."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        refused = await api.ask("GET", f"/integrations/{integration_id}/forecast", kind="quick", expect=409)
        await run(api, integration_id)
        await run(api, integration_id)
        told = await api.get(f"/integrations/{integration_id}/forecast", kind="quick")
        quick = await ended(api, (await api.post(f"/integrations/{integration_id}/runs", {"kind": "quick"}, expect=202))["id"])
        for one in here.custom()[:150]:
            here.tenant.directory.update(one, {"name": "Changed"})
        many = await api.get(f"/integrations/{integration_id}/forecast", kind="quick")

    assert refused["code"] == "full_run_needed"
    assert (told["kind"], told["requests"], told["records"]) == ("quick", quick["requests"], quick["fetched"])
    assert many["requests"] >= 2
    assert 100 <= many["records"] <= 250


async def test_a_forecast_counts_those_who_are_asked_for_again(here: World) -> None:
    """A full tray costs a request for each of its people, every night: ten times the listing, without a word before."""
    async with here.connector(rate_policy="enforced") as api:
        integration_id = await launched(api, here)
        assert (await run(api, integration_id))["state"] == "completed"
        gone = {person["id"] for person in here.tenant.directory.drift(Random(1), change=0, join=0, leave=40, leave_ids=[])["left"]}
        here.mapper.withhold |= gone
        assert (await run(api, integration_id))["withheld_losses"] == 40
        told = await api.get(f"/integrations/{integration_id}/forecast")
        done = await run(api, integration_id)

    assert (told["questions"], told["requests"]) == (40, 43)
    assert told["requests"] == done["requests"]


async def test_a_429_without_a_time_keeps_everybody_away_for_a_moment(here: World) -> None:
    """And the run goes on where it was."""
    async with here.connector(rate_policy="enforced", retry_attempts=6) as api:
        integration_id = await launched(api, here)
        here.tenant.faults.append(Fault(kind="throttle", path=USERS, skip=1))
        done = await run(api, integration_id)
        budgets: list[dict[str, Any]] = (await api.get("/rates"))["items"]

    assert (done["state"], done["fetched"]) == ("completed", 250)
    assert [event.page for event in here.mapper.of(UsersObserved)] == [1, 2, 3]
    assert any(one["closed_until"] is None for one in budgets)


def test_no_limits_are_for_simulators_only() -> None:
    """The policy that switches them off has none; settings refuse it before a real host."""
    assert (POLICIES["off"].buckets, POLICIES["off"].windows) == ((), ())
