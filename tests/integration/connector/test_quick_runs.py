"""Quick runs: what changed since the last run, in as many requests as that takes, and never a word about absence."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import update

from connector.tables import OUTBOX, PART_WATERMARKS, SCHEMA
from shared.clock import now
from shared.db.engine import opened
from shared.events import ListingCompleted, UsersObserved
from shared.unit import Units
from sophos_central_simulator.faults import Fault
from tests.support.connector import Api, World, ended, launched, run

USERS = "/common/v1/directory/users"


async def quick(api: Api, integration_id: str) -> dict[str, Any]:
    """Run it quickly, to the end."""
    return await ended(api, (await api.post(f"/integrations/{integration_id}/runs", {"kind": "quick"}, expect=202))["id"])


async def test_a_quick_run_reads_only_what_changed(here: World) -> None:
    """One request when nothing did, and one for a few changes; whoever left is not its matter."""
    async with here.connector(quick_overlap_seconds=0) as api:
        integration_id = await launched(api, here)
        full = await run(api, integration_id)
        still = await quick(api, integration_id)
        changed = here.custom()[:3]
        for source_id in changed:
            here.tenant.directory.update(source_id, {"name": f"{source_id} renamed"})
        here.tenant.directory.remove(here.custom()[5])
        moved = await quick(api, integration_id)
        after = await quick(api, integration_id)

    assert (full["kind"], full["since"]) == ("full", None)
    assert (still["state"], still["fetched"], still["requests"]) == ("empty", 0, 1)
    assert (moved["state"], moved["fetched"], moved["requests"], moved["missing"]) == ("completed", 3, 1, 0)
    # The source tells its time in whole seconds: what changed within the same one is read twice, and does nothing.
    assert (after["counts"]["unchanged"], after["requests"]) == (after["fetched"], 1)
    assert {
        one for event in here.mapper.of(UsersObserved) if str(event.provenance.run_id) == moved["id"] for one in event.source_ids
    } == set(changed)
    assert len(here.mapper.of(ListingCompleted)) == 1
    assert here.mapper.missing == set()


async def test_many_changes_take_a_request_for_each_page_of_them(here: World) -> None:
    """One, and one more for each further hundred."""
    async with here.connector(quick_overlap_seconds=0) as api:
        integration_id = await launched(api, here)
        await run(api, integration_id)
        for source_id in here.custom()[:130]:
            here.tenant.directory.update(source_id, {"firstName": "Changed"})
        moved = await quick(api, integration_id)

    assert (moved["fetched"], moved["requests"]) == (130, 2)


async def test_the_overlap_reads_a_little_twice_rather_than_miss_a_change(here: World) -> None:
    """Clocks differ; what is read again is unchanged and does nothing."""
    async with here.connector(quick_overlap_seconds=86_400) as api:
        integration_id = await launched(api, here)
        here.tenant.directory.update(here.custom()[0], {"firstName": "Before"})
        await run(api, integration_id)
        again = await quick(api, integration_id)

    assert again["fetched"] >= 1
    assert again["counts"]["unchanged"] == again["fetched"]


async def test_a_quick_run_that_failed_is_made_up_for_by_the_next(here: World) -> None:
    """The next one begins where the last one that was read to its end began."""
    async with here.connector(quick_overlap_seconds=0, retry_attempts=1) as api:
        integration_id = await launched(api, here)
        await run(api, integration_id)
        here.tenant.directory.update(here.custom()[0], {"firstName": "Changed"})
        here.tenant.faults.append(Fault(kind="error", path=USERS, status=503))
        failed = await quick(api, integration_id)
        made_up = await quick(api, integration_id)

    assert failed["state"] == "failed"
    assert (made_up["state"], made_up["fetched"], made_up["since"]) == ("completed", 1, failed["since"])


async def test_when_somebody_is_removed_meanwhile_the_reading_begins_again(here: World) -> None:
    """Everybody behind them has moved up, one of them past us."""
    async with here.connector(quick_overlap_seconds=0, page_size=10) as api:
        integration_id = await launched(api, here)
        await run(api, integration_id)
        changed = here.custom()[:25]
        for source_id in changed:
            here.tenant.directory.update(source_id, {"firstName": "Changed"})
        here.tenant.faults.append(Fault(kind="slow", path=USERS, skip=1, seconds=0.5))
        queued = await api.post(f"/integrations/{integration_id}/runs", {"kind": "quick"}, expect=202)
        first = await api.get(f"/runs/{queued['id']}")
        while first["fetched"] < 10:
            first = await api.get(f"/runs/{queued['id']}")
        here.tenant.directory.remove(changed[-1])
        done = await ended(api, queued["id"])

    seen = {one for event in here.mapper.of(UsersObserved) if str(event.provenance.run_id) == done["id"] for one in event.source_ids}
    assert done["state"] == "completed"
    assert seen >= set(changed[:-1])


async def test_the_first_one_after_a_full_run_begins_where_the_run_before_that_began(here: World, database_url: SecretStr) -> None:
    """A full run may have missed a newcomer who moved up, past the page that was read next; nobody else would look for them again."""
    async with here.connector(quick_overlap_seconds=0) as api:
        integration_id = await launched(api, here)
        await run(api, integration_id)
        yesterday = now() - timedelta(days=1)
        async with opened(database_url, SCHEMA.name) as database, Units(database, OUTBOX).begin() as unit:
            await unit.session.execute(update(PART_WATERMARKS).values(began=yesterday))
        await run(api, integration_id)
        first = await quick(api, integration_id)
        second = await quick(api, integration_id)

    assert datetime.fromisoformat(first["since"]) == yesterday
    assert datetime.fromisoformat(second["since"]) >= yesterday + timedelta(days=1) - timedelta(minutes=1)


async def test_there_must_be_a_full_run_to_begin_at(here: World) -> None:
    """And one that was read to its end."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        refused = await api.post(f"/integrations/{integration_id}/runs", {"kind": "quick"}, expect=409)

    assert refused["code"] == "full_run_needed"
    assert "in full first" in refused["remedy"]
