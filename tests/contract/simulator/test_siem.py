"""The feeds for security monitoring: a day's events and alerts, then whatever comes after a cursor."""

import tracemalloc
from datetime import datetime
from itertools import islice
from typing import Any

import httpx
import pytest

from sophos_central_simulator.signal_kinds import ALERTING
from sophos_central_simulator.signals import DAY, ORIGIN
from sophos_central_simulator.tenants import Tenants
from tests.contract.simulator.visitor import ALERTS, ENDPOINTS, SIEM_ALERTS, SIEM_EVENTS, Json, Visitor, control, refusal, visiting

PER_DAY = 5000
BOTH = [SIEM_EVENTS, SIEM_ALERTS]
UPDATE = "Event::Endpoint::UpdateSuccess"
FAILED = "Event::Endpoint::Threat::CleanupFailed"


@pytest.fixture
async def owner(http: httpx.AsyncClient) -> Visitor:
    """Give a visitor of a tenant whose devices report much."""
    return await visiting(http, users=20, endpoints=40, events_per_day=PER_DAY)


@pytest.fixture
async def quiet(http: httpx.AsyncClient) -> Visitor:
    """Give a visitor of a tenant where nothing happens by itself."""
    return await visiting(http, users=5, endpoints=5)


async def now(visitor: Visitor) -> float:
    """Return the simulator's time in seconds."""
    return datetime.fromisoformat((await control(visitor.http, "GET", "/clock"))["now"]).timestamp()


async def follow(visitor: Visitor, path: str, **params: Any) -> list[Json]:
    """Return everything up to the tail."""
    batch = await visitor.ask("GET", path, **params)
    found: list[Json] = list(batch["items"])
    while batch["has_more"]:
        batch = await visitor.ask("GET", path, **{**params, "cursor": batch["next_cursor"]})
        found.extend(batch["items"])
    return found


@pytest.mark.parametrize("path", BOTH)
async def test_a_batch_has_two_hundred_unless_told_otherwise(owner: Visitor, path: str) -> None:
    """A thousand at most; more is cut or refused."""
    batch = await owner.ask("GET", path)
    assert batch.keys() == {"has_more", "next_cursor", "items"}
    assert (len(batch["items"]), batch["has_more"]) == (200, True)
    assert len((await owner.ask("GET", path, limit=3))["items"]) == 3
    most = 1000 if path == SIEM_EVENTS else 999
    assert most <= len((await owner.ask("GET", path, limit=1000))["items"]) <= 1000
    assert len((await owner.ask("GET", path, limit=5000))["items"]) <= 1000
    await owner.switch(page_size_above_maximum="refuse")
    refusal(await owner.http.get(path, headers=owner.headers, params={"limit": 1001}), 400)


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("limit", [7, 50, 1000])
async def test_following_the_cursor_reads_everything_once(quiet: Visitor, path: str, limit: int) -> None:
    """The oldest first; also when the last batch is full."""
    made = [one["id"] for one in await quiet.happen(count=100)]
    assert [one["id"] for one in await follow(quiet, path, limit=limit)] == made


@pytest.mark.parametrize("path", BOTH)
async def test_at_the_tail_the_cursor_repeats_until_something_happens(quiet: Visitor, path: str) -> None:
    """A client keeps it and asks again; nothing is told twice or missed."""
    await quiet.happen(count=3)
    last = await quiet.ask("GET", path)
    assert (len(last["items"]), last["has_more"]) == (3, False)
    for _ in range(2):
        tail = await quiet.ask("GET", path, cursor=last["next_cursor"])
        assert tail == {"has_more": False, "next_cursor": last["next_cursor"], "items": []}
    (made,) = await quiet.happen()
    fresh = await quiet.ask("GET", path, cursor=last["next_cursor"])
    assert [one["id"] for one in fresh["items"]] == [made["id"]]
    assert fresh["next_cursor"] != last["next_cursor"]


@pytest.mark.parametrize("path", BOTH)
async def test_where_nothing_ever_happened_there_is_a_cursor_all_the_same(quiet: Visitor, path: str) -> None:
    """It waits for the first event."""
    empty = await quiet.ask("GET", path)
    assert (empty["items"], empty["has_more"]) == ([], False)
    assert (await quiet.ask("GET", path, cursor=empty["next_cursor"]))["next_cursor"] == empty["next_cursor"]
    (made,) = await quiet.happen()
    assert [one["id"] for one in (await quiet.ask("GET", path, cursor=empty["next_cursor"]))["items"]] == [made["id"]]


@pytest.mark.parametrize("path", BOTH)
async def test_without_a_cursor_it_is_the_last_day_or_from_a_date_on(owner: Visitor, path: str) -> None:
    """In Unix seconds; an older date is refused, or as if none had been given."""
    per_day = PER_DAY if path == SIEM_EVENTS else PER_DAY // 5
    assert per_day - 2 <= len(await follow(owner, path, limit=1000)) <= per_day + 2
    since = int(await now(owner)) - 3600
    lately = await follow(owner, path, limit=1000, from_date=since)
    assert per_day // 24 - 2 <= len(lately) <= per_day // 24 + 3
    assert all(datetime.fromisoformat(one["created_at"]).timestamp() >= since for one in lately)
    assert lately == sorted(lately, key=lambda one: str(one["created_at"]))
    assert (await owner.ask("GET", path, from_date=since + 7200))["items"] == []
    old = {"from_date": since - 90_000}
    refusal(await owner.http.get(path, headers=owner.headers, params=old), 400)
    await owner.switch(malformed="ignore")
    assert per_day - 2 <= len(await follow(owner, path, limit=1000, **old)) <= per_day + 2


@pytest.mark.parametrize("path", BOTH)
async def test_with_a_cursor_the_date_is_ignored(owner: Visitor, path: str) -> None:
    """Also one that would be refused."""
    first = await owner.ask("GET", path, limit=5)
    for date in (1, "nonsense", int(await now(owner))):
        second = await owner.ask("GET", path, limit=5, cursor=first["next_cursor"], from_date=date)
        assert second == await owner.ask("GET", path, limit=5, cursor=first["next_cursor"])


async def test_types_can_be_left_out(quiet: Visitor) -> None:
    """By comma or repeated; the cursor passes over what is left out, and a batch is full all the same."""
    for _ in range(4):
        await quiet.happen(type=UPDATE, count=3)
        await quiet.happen(type=FAILED)
    without = await follow(quiet, SIEM_EVENTS, limit=2, exclude_types=UPDATE)
    assert [one["type"] for one in without] == [FAILED] * 4
    batch = await quiet.ask("GET", SIEM_EVENTS, limit=2, exclude_types=UPDATE)
    assert (len(batch["items"]), batch["has_more"]) == (2, True)
    both: Any
    for both in (f"{UPDATE},{FAILED}", [UPDATE, FAILED]):
        nothing = await quiet.ask("GET", SIEM_EVENTS, exclude_types=both)
        assert (nothing["items"], nothing["has_more"]) == ([], False)
        assert (await quiet.ask("GET", SIEM_EVENTS, cursor=nothing["next_cursor"]))["items"] == []


@pytest.mark.parametrize("path", BOTH)
async def test_what_the_feed_does_not_know_is_not_refused(owner: Visitor, path: str) -> None:
    """Sophos' own script sends more than is documented."""
    since = int(await now(owner)) - 600
    plain = await owner.ask("GET", path, from_date=since, limit=5)
    assert await owner.ask("GET", path, from_date=since, limit=5, from_date_offset_minutes=0, surprise="x") == plain


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("limit", text) for text in ("0", "-1", "many", "")),
        *(("cursor", text) for text in ("nonsense", "!", "WzFd", "W251bGwsMV0", "WzEsMiwzXQ", "ÿ", "WzFlNDAsMV0")),
        *(("from_date", text) for text in ("yesterday", "0", "-5", "")),
    ],
)
async def test_a_malformed_parameter_of_a_feed_is_refused_or_ignored(owner: Visitor, path: str, name: str, value: Any) -> None:
    """Which of both is not known, so it is a switch."""
    refusal(await owner.http.get(path, headers=owner.headers, params={name: value}), 400)
    await owner.switch(malformed="ignore")
    assert len((await owner.ask("GET", path, **{name: value}))["items"]) == 200


async def test_events_and_alerts_have_the_documented_fields(quiet: Visitor) -> None:
    """In snake case; an alert has the id of its event, and is the alert of the other API."""
    device = (await quiet.ask("GET", ENDPOINTS))["items"][0]
    await quiet.happen(type=UPDATE, endpoint_id=device["id"])
    (made,) = await quiet.happen(endpoint_id=device["id"], severity="low")
    update, event = (await quiet.ask("GET", SIEM_EVENTS))["items"]
    assert update.keys() == {
        *("id", "customer_id", "severity", "created_at", "when", "type", "name", "group", "location"),
        *("endpoint_id", "endpoint_type", "source_info", "source", "user_id"),
    }
    assert event.keys() == {*update, "threat"}
    assert (event["customer_id"], event["severity"], event["location"]) == (quiet.tenant["tenant_id"], "low", device["hostname"])
    assert (event["user_id"], event["endpoint_id"]) == (device["associatedPerson"]["id"], device["id"])
    (alert,) = (await quiet.ask("GET", SIEM_ALERTS))["items"]
    assert alert.keys() == {
        *("id", "customer_id", "severity", "created_at", "when", "type", "description", "location", "source"),
        *("threat", "threat_cleanable", "info", "event_service_event_id", "data"),
    }
    assert alert["id"] == event["id"] == made["id"] == alert["event_service_event_id"]
    other = await quiet.ask("GET", f"{ALERTS}/{made['id']}")
    assert (other["raisedAt"], other["description"], other["severity"]) == (alert["created_at"], alert["description"], "low")


async def test_an_alert_that_was_dealt_with_stays_in_the_feed(quiet: Visitor) -> None:
    """The feed tells what happened, not what is still to be done."""
    (made,) = await quiet.happen()
    await quiet.ask("POST", f"{ALERTS}/{made['id']}/actions", body={"action": "acknowledge"}, expect=201)
    assert [one["id"] for one in (await quiet.ask("GET", SIEM_ALERTS))["items"]] == [made["id"]]


async def test_the_clock_brings_new_events_after_the_cursor(owner: Visitor) -> None:
    """As many as the tenant has in that time; the same ones whoever asks, and how often."""
    batch = await owner.ask("GET", SIEM_EVENTS, from_date=int(await now(owner)), limit=1000)
    await control(owner.http, "POST", "/clock", {"advance": 3000})
    after = await follow(owner, SIEM_EVENTS, cursor=batch["next_cursor"], limit=60)
    assert PER_DAY * 3000 // 86_400 - 1 <= len(after) <= PER_DAY * 3010 // 86_400 + 1
    assert len({one["id"] for one in after}) == len(after)
    again = await follow(owner, SIEM_EVENTS, cursor=batch["next_cursor"], limit=1000)
    assert again[: len(after)] == after
    alerts = [one["id"] for one in await follow(owner, SIEM_ALERTS, cursor=batch["next_cursor"], limit=1000)]
    raising = [one["id"] for one in again if one["type"] in {kind.type for kind in ALERTING}]
    assert raising
    assert alerts[: len(raising)] == raising


@pytest.mark.parametrize(
    "body",
    [
        {"type": "Event::Endpoint::Exploded"},
        {"severity": "purple"},
        {"endpoint_id": "00000000-0000-4000-8000-000000000000"},
        {"endpoint_id": "no id"},
        {"count": 0},
        {"often": 3},
    ],
)
async def test_an_event_that_cannot_happen_is_refused(quiet: Visitor, body: Json) -> None:
    """The answer names what is wrong."""
    told = await quiet.control("POST", "/events", body, expect=400)
    assert next(iter(body)) in told["message"]
    assert (await quiet.ask("GET", SIEM_EVENTS))["items"] == []


async def test_without_devices_nothing_happens(http: httpx.AsyncClient) -> None:
    """Nor can it be asked for."""
    visitor = await visiting(http, events_per_day=100)
    assert (await visitor.ask("GET", SIEM_EVENTS))["items"] == []
    await visitor.control("POST", "/events", {}, expect=400)


def test_years_of_events_are_held_by_nobody() -> None:
    """Beginning in the middle of ten million costs what beginning at the end does."""
    tracemalloc.start()
    try:
        tenants = Tenants()
        tenant = tenants.create(seed=7, users=10, awkward=False, email_domain="example.com", endpoints=10, events_per_day=10_000)
        for days in (0, 500, 1000):
            found = list(islice(tenant.signals.after((ORIGIN + days * DAY, -1)), 1000))
            assert [signal.position[1] for signal in found] == list(range(days * 10_000, days * 10_000 + 1000))
            assert all(tenant.signals.named(tenant.signals.id_of(signal)) == signal for signal in found)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000
