"""Following a run: how far it is, what each page took, and what happened on the way."""

from typing import Any

from sophos_central_simulator.faults import Fault
from tests.support.connector import Api, World, ended, eventually, launched, run

USERS = "/common/v1/directory/users"


async def whole(api: Api, path: str, limit: int = 7) -> list[dict[str, Any]]:
    """Return a whole list, read in small pages."""
    page = await api.get(path, limit=limit)
    items: list[dict[str, Any]] = page["items"]
    while page["next_cursor"]:
        page = await api.get(path, limit=limit, cursor=page["next_cursor"])
        items += page["items"]
    return items


async def test_a_run_under_way_says_how_far_it_is_and_how_long_it_takes(here: World) -> None:
    """Of a run over a large directory somebody wants to know whether to wait for it."""
    here.tenant.faults.append(Fault(kind="slow", path=USERS, skip=2, seconds=30))
    async with here.connector() as api:
        queued = await api.post(f"/integrations/{await launched(api, here)}/runs", expect=202)

        async def two_pages() -> dict[str, Any] | None:
            shown: dict[str, Any] = await api.get(f"/runs/{queued['id']}")
            return shown if shown["progress"]["pages"] == 2 else None

        shown = (await eventually(two_pages))["progress"]
        await api.post(f"/runs/{queued['id']}/cancel")
        done = await ended(api, queued["id"])

    assert queued["progress"] == {
        "pages": 0,
        "pages_applied": 0,
        "records": 0,
        "total": None,
        "records_per_second": None,
        "to_ask": None,
        "asked": None,
        "questions_per_second": None,
        "seconds_left": None,
    }
    assert (shown["records"], shown["total"]) == (200, 250)
    assert 0 < shown["records_per_second"] <= 200
    assert abs(shown["seconds_left"] - 50 / shown["records_per_second"]) < 0.1
    assert (done["progress"]["records_per_second"], done["progress"]["seconds_left"]) == (None, None)


async def test_a_run_that_proves_absences_says_whom_it_still_asks_for(here: World) -> None:
    """Thousands of questions take hours within the limits, in which all records are applied and nothing else seems to happen."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        await run(api, integration_id)
        for one in here.custom()[:60]:
            here.tenant.directory.remove(one)
        here.tenant.faults.append(Fault(kind="slow", path=f"{USERS}/", skip=48, seconds=30))
        queued = await api.post(f"/integrations/{integration_id}/runs", expect=202)

        async def some_are_asked_for() -> dict[str, Any] | None:
            shown: dict[str, Any] = await api.get(f"/runs/{queued['id']}")
            return shown if shown["progress"]["asked"] else None

        shown = (await eventually(some_are_asked_for))["progress"]
        listed = (await api.get(f"/integrations/{integration_id}/runs"))["items"]
        await api.post(f"/runs/{queued['id']}/cancel")
        done = await ended(api, queued["id"])

    assert (shown["to_ask"], shown["asked"]) == (60, 48)
    assert 0 < shown["questions_per_second"] <= 48
    assert abs(shown["seconds_left"] - 12 / shown["questions_per_second"]) < 1
    assert [one["progress"]["asked"] for one in listed] == [48, None]
    assert (done["progress"]["to_ask"], done["progress"]["seconds_left"]) == (None, None)


async def test_each_page_says_what_it_took(here: World) -> None:
    """Whether the source, the database or the mapper is slow must not be a guess."""
    here.tenant.faults.append(Fault(kind="slow", path=USERS, skip=1, seconds=0.3))
    async with here.connector() as api:
        done = await run(api, await launched(api, here))
        pages = await whole(api, f"/runs/{done['id']}/pages", limit=2)

    assert [(page["page"], page["kind"], page["records"]) for page in pages] == [
        (1, "listing", 100),
        (2, "listing", 100),
        (3, "listing", 50),
    ]
    assert pages[1]["fetch_ms"] >= 300
    assert pages[0]["fetch_ms"] < 300
    assert all(page["fetched_at"] <= page["committed_at"] <= page["applied_at"] and page["applied_lag_ms"] >= 0 for page in pages)


async def test_the_log_tells_what_happened_in_its_order(here: World) -> None:
    """States, pages, what was tried again and what could not be applied: without reading a service's own log."""
    fails = here.custom()[0]
    here.mapper.reject = lambda source_id: source_id == fails
    here.tenant.faults.append(Fault(kind="error", path=USERS, skip=1, status=503))
    here.tenant.faults.append(Fault(kind="throttle", path=USERS, skip=1, retry_after=0))
    async with here.connector() as api:
        done = await run(api, await launched(api, here))
        log = await whole(api, f"/runs/{done['id']}/log")

    states = [entry["details"]["state"] for entry in log if entry["kind"] == "state"]
    assert states == ["queued", "running", "applying", "proving", "proven", "completed_with_errors"]
    assert [entry["details"]["page"] for entry in log if entry["kind"] == "page"] == [1, 2, 3]
    assert sorted(entry["details"]["page"] for entry in log if entry["kind"] == "applied") == [1, 2, 3]
    assert [entry["details"]["code"] for entry in log if entry["kind"] == "failure"] == ["source_failed"]
    assert [entry["details"]["wait_seconds"] for entry in log if entry["kind"] == "throttled"] == [0]
    (errors,) = [entry["details"] for entry in log if entry["kind"] == "errors"]
    assert errors["first"] == [{"source_id": fails, "code": "no_email", "field": None}]
    assert {entry["correlation_id"] for entry in log} == {done["correlation_id"]}
    assert here.source(fails)["email"] not in str(log)


async def test_a_run_that_fails_logs_what_it_was_patient_with(here: World) -> None:
    """What was tried before it gave up is what somebody asks first."""
    here.tenant.faults.append(Fault(kind="error", path=USERS, status=503, count=5))
    async with here.connector(retry_attempts=3) as api:
        done = await run(api, await launched(api, here))
        log = await whole(api, f"/runs/{done['id']}/log")

    assert done["state"] == "failed"
    assert len([entry for entry in log if entry["kind"] == "failure"]) == 3
    assert log[-1]["details"]["error"]["code"] == "source_failed"


async def test_the_log_is_bounded(here: World, monkeypatch: Any) -> None:
    """A run over millions must not fill the database with its own story; its states are always told."""
    monkeypatch.setattr("connector.runs.log.MOST_ENTRIES", 2)
    monkeypatch.setattr("connector.runs.following.MOST_ENTRIES", 2)
    async with here.connector() as api:
        done = await run(api, await launched(api, here))
        log = await whole(api, f"/runs/{done['id']}/log")

    assert len([entry for entry in log if entry["kind"] in {"page", "applied"}]) <= 2
    assert [entry["details"]["state"] for entry in log if entry["kind"] == "state"][-1] == "completed"
    assert log[-1]["kind"] == "full"
