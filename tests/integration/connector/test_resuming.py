"""Runs that lose their worker: whoever goes on begins at the last committed page, and nobody writes for them twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, update

from connector.runs.claims import LeaseLost, claim, waiting
from connector.tables import INTEGRATIONS, OUTBOX, RUNS, SCHEMA
from shared.clock import now
from shared.db.engine import Database, opened
from shared.db.migrate import upgrade
from shared.events import ListingCompleted, UsersObserved
from shared.ids import new_id
from shared.unit import Units
from sophos_central_simulator.faults import Fault
from tests.support.connector import World, ended, eventually, launched

USERS = "/common/v1/directory/users"


async def test_a_run_goes_on_where_the_service_was_stopped(here: World) -> None:
    """Each page arrives exactly once, in order, across a restart in the middle of the listing."""
    here.tenant.faults.append(Fault(kind="slow", path=USERS, skip=1, seconds=30))
    async with here.connector() as api:
        integration_id = await launched(api, here)
        queued = await api.post(f"/integrations/{integration_id}/runs", expect=202)

        async def one_page() -> dict[str, object] | None:
            shown: dict[str, object] = await api.get(f"/runs/{queued['id']}")
            return shown if shown["pages"] == 1 else None

        await eventually(one_page)
    here.tenant.faults.clear()
    async with here.connector() as api:
        done = await ended(api, queued["id"])

    assert (done["state"], done["pages"], done["fetched"]) == ("completed", 3, 250)
    observed = here.mapper.of(UsersObserved)
    assert [event.page for event in observed] == [1, 2, 3]
    assert sorted(one for event in observed for one in event.source_ids) == sorted(here.tenant.directory.users)
    assert len(here.mapper.of(ListingCompleted)) == 1


async def test_stopping_anywhere_loses_and_doubles_nothing(here: World) -> None:
    """The service is stopped again and again, at moments that nobody chose."""
    async with here.connector(page_size=10) as api:
        integration_id = await launched(api, here)
        queued = await api.post(f"/integrations/{integration_id}/runs", expect=202)
        await asyncio.sleep(0.05)
    for pause in (0.03, 0.08, 0.13, 0.21):
        async with here.connector(page_size=10):
            await asyncio.sleep(pause)
    async with here.connector(page_size=10) as api:
        done = await ended(api, queued["id"])

    assert (done["state"], done["fetched"], done["counts"]["added"]) == ("completed", 250, 250)
    pages = [event.page for event in here.mapper.of(UsersObserved)]
    assert pages == list(range(1, done["pages"] + 1))


async def test_two_connectors_share_one_database_without_doing_anything_twice(here: World) -> None:
    """Replicas look for the same runs; a lease lets one of them in."""
    async with here.connector(page_size=20) as api, here.connector(page_size=20):
        done = await ended(api, (await api.post(f"/integrations/{await launched(api, here)}/runs"))["id"])

    assert (done["state"], done["fetched"]) == ("completed", 250)
    assert [event.page for event in here.mapper.of(UsersObserved)] == list(range(1, 14))


@pytest.fixture
async def database(database_url: SecretStr) -> AsyncIterator[Database]:
    """Give a migrated database."""
    await upgrade(database_url, SCHEMA)
    async with opened(database_url, SCHEMA.name) as made:
        yield made


async def test_whoever_lost_the_lease_can_write_nothing_more(database: Database) -> None:
    """A worker that was thought dead wakes up: its fencing number shuts it out."""
    units, run_id = Units(database, OUTBOX), await _queued(database)
    async with units.begin() as unit:
        first = await claim(unit.session, run_id, 0, timedelta(seconds=30))
    assert first is not None
    async with database.reading() as session:
        assert await waiting(session, 5, []) == []
    async with units.begin() as unit:
        await unit.session.execute(update(RUNS).values(lease_until=now() - timedelta(seconds=1)))
        second = await claim(unit.session, run_id, 1, timedelta(seconds=30))
    assert second is not None

    with pytest.raises(LeaseLost):
        async with units.begin() as unit:
            await first.advance(unit.session, pages=9)
    async with units.begin() as unit:
        await second.advance(unit.session, pages=1)


async def _queued(database: Database) -> UUID:
    integration = {"id": new_id(), "provider": "sophos-users", "name": "x", "name_key": "x", "state": "active", "installation": "cloud"}
    integration |= {"preference": "create_and_update", "created_at": now(), "updated_at": now()}
    queued = {"id": new_id(), "integration_id": integration["id"], "state": "queued", "phase": "queued"}
    queued |= {"correlation_id": new_id(), "requested_by": "ann", "created_at": now()}
    async with Units(database, OUTBOX).begin() as unit:
        await unit.session.execute(insert(INTEGRATIONS), [integration])
        await unit.session.execute(insert(RUNS), [queued])
    return UUID(str(queued["id"]))
