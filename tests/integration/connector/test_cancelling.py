"""Cancelling a run: it bites at once, loses nothing that was told, and says of nobody that they are gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.events import ListingCompleted, RunFinished, UsersObserved
from sophos_central_simulator.faults import Fault
from tests.support.connector import Api, World, ended, eventually, launched, run

USERS = "/common/v1/directory/users"


@asynccontextmanager
async def under_way(here: World, api: Api, *, pages: int) -> AsyncIterator[dict[str, Any]]:
    """Give a run that has told `pages` pages, and waits for an answer to the next question."""
    here.tenant.faults.append(Fault(kind="slow", path=USERS, skip=pages, seconds=30))
    queued: dict[str, Any] = await api.post(f"/integrations/{await launched(api, here)}/runs", expect=202)

    async def told() -> dict[str, Any] | None:
        shown: dict[str, Any] = await api.get(f"/runs/{queued['id']}")
        return shown if shown["pages"] == pages else None

    yield await eventually(told)
    here.tenant.faults.clear()


async def test_a_run_that_reads_is_cancelled_while_the_source_keeps_it_waiting(here: World) -> None:
    """Nobody waits for a slow source only to be rid of a run; the page under way is not told any more."""
    async with here.connector() as api, under_way(here, api, pages=2) as reading:
        async with asyncio.timeout(5):
            await api.post(f"/runs/{reading['id']}/cancel")
            done = await ended(api, reading["id"])
        again = await api.post(f"/runs/{reading['id']}/cancel")

    assert (done["state"], done["pages"], done["fetched"], done["counts"]["added"]) == ("cancelled", 2, 200, 200)
    assert done["cancel_requested_by"]
    assert again == done
    assert [event.page for event in here.mapper.of(UsersObserved)] == [1, 2]
    assert here.mapper.of(ListingCompleted) == []
    assert [event.state for event in here.mapper.of(RunFinished)] == ["cancelled"]


async def test_what_was_told_is_counted_before_the_run_ends(here: World) -> None:
    """A cancelled run's books balance like those of any other."""
    here.mapper.hold = asyncio.Event()
    async with here.connector() as api, under_way(here, api, pages=2) as reading:
        cancelled = await api.post(f"/runs/{reading['id']}/cancel")
        assert (cancelled["state"], cancelled["ended_at"]) == ("applying", None)
        here.mapper.hold.set()
        done = await ended(api, reading["id"])

    assert (done["state"], done["fetched"], done["counts"]["added"]) == ("cancelled", 200, 200)


async def test_a_cancelled_run_makes_room_for_the_next_one_which_is_whole(here: World) -> None:
    """And its first load is still the first: workflows do not start for a load that was broken off and begun again."""
    async with here.connector() as api, under_way(here, api, pages=1) as reading:
        await api.post(f"/runs/{reading['id']}/cancel")
        await ended(api, reading["id"])
        here.tenant.faults.clear()
        done = await run(api, reading["integration_id"])

    assert (done["state"], done["fetched"], done["missing"]) == ("completed", 250, 0)
    assert all(event.provenance.initial for event in here.mapper.of(UsersObserved))


async def test_a_run_that_nobody_has_begun_ends_at_once(here: World) -> None:
    """It has asked the source for nothing."""
    async with here.connector(worker_poll=60) as api:
        integration_id = await launched(api, here)
        await asyncio.sleep(0.1)
        queued = await api.post(f"/integrations/{integration_id}/runs", {"kind": "full"}, expect=202)
        cancelled = await api.post(f"/runs/{queued['id']}/cancel")

    assert (cancelled["state"], cancelled["fetched"], cancelled["requests"]) == ("cancelled", 0, 0)
    assert cancelled["ended_at"] is not None


async def test_a_run_that_asks_for_suspects_is_cancelled_and_marks_nobody(here: World) -> None:
    """Whoever was not asked for is not absent, and neither is anybody else of that run."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        await run(api, integration_id)
        gone = here.custom()[:3]
        for source_id in gone:
            del here.tenant.directory.users[source_id]
        here.tenant.faults.append(Fault(kind="slow", path=f"{USERS}/", seconds=30, count=10))
        asking = await api.post(f"/integrations/{integration_id}/runs", expect=202)

        async def proving() -> dict[str, Any] | None:
            shown: dict[str, Any] = await api.get(f"/runs/{asking['id']}")
            return shown if shown["state"] == "applying" and shown["counts"]["unchanged"] == shown["fetched"] else None

        await eventually(proving)
        await api.post(f"/runs/{asking['id']}/cancel")
        done = await ended(api, asking["id"])

    assert (done["state"], done["missing"]) == ("cancelled", 0)
    assert here.mapper.missing == set()


@pytest.mark.parametrize("times", [1, 2])
async def test_a_run_that_has_ended_is_not_cancelled(times: int, here: World) -> None:
    """What is done is done; the answer says so, every time."""
    async with here.connector() as api:
        done = await run(api, await launched(api, here))
        for _ in range(times):
            refused = await api.post(f"/runs/{done['id']}/cancel", expect=409)
        after = await api.get(f"/runs/{done['id']}")

    assert (refused["code"], after["state"]) == ("run_not_cancellable", "completed")
    assert "completed" in refused["detail"]


async def test_the_worker_of_a_cancelled_run_is_free_for_the_next(here: World) -> None:
    """It does not sit out the source's silence: here it has room for a single run."""
    async with here.connector(lease_seconds=0.6, max_parallel_runs=1) as api:
        async with under_way(here, api, pages=1) as reading:
            await api.post(f"/runs/{reading['id']}/cancel")
            here.tenant.faults.clear()
        async with asyncio.timeout(10):
            done = await run(api, reading["integration_id"])

    assert done["state"] == "completed"
