"""Alerts: keys instead of page numbers, filters, a search by body, and actions that deal with them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.contract.simulator.visitor import ALERTS, ENDPOINTS, NOBODY, USERS, Json, Visitor, control, refusal, visiting

PER_DAY = 10
"""Two alerts a day, 180 in the 90 days that alerts are kept."""


@pytest.fixture
async def owner(http: httpx.AsyncClient) -> Visitor:
    """Give a visitor of a tenant whose devices report."""
    return await visiting(http, users=20, endpoints=40, events_per_day=PER_DAY)


@pytest.fixture
async def quiet(http: httpx.AsyncClient) -> Visitor:
    """Give a visitor of a tenant where nothing happens by itself."""
    return await visiting(http, users=5, endpoints=5)


async def every(visitor: Visitor, **params: Any) -> list[Json]:
    """Return all alerts, key by key."""
    found: list[Json] = []
    key: dict[str, Any] = {}
    while True:
        page = await visitor.ask("GET", ALERTS, **{"pageSize": 100, **params}, **key)
        found.extend(page["items"])
        if not page["pages"].get("nextKey"):
            return found
        key = {"pageFromKey": page["pages"]["nextKey"]}


async def test_an_alert_has_the_documented_fields_and_names_what_is_there(owner: Visitor) -> None:
    """Its device and person can be looked up."""
    alert = (await every(owner))[-1]
    assert alert.keys() == {
        *("id", "allowedActions", "category", "description", "groupKey", "managedAgent"),
        *("person", "product", "raisedAt", "severity", "tenant", "type"),
    }
    device = await owner.ask("GET", f"{ENDPOINTS}/{alert['managedAgent']['id']}")
    assert alert["managedAgent"] == {"id": device["id"], "type": device["type"]}
    assert alert["person"] == {"id": device["associatedPerson"]["id"]}
    assert alert["tenant"] == {"id": owner.tenant["tenant_id"], "name": "example.com"}
    await owner.ask("GET", f"{USERS}/{alert['person']['id']}")


@pytest.mark.parametrize("size", [1, 7, 50, 100])
async def test_following_keys_reads_every_alert_once(quiet: Visitor, size: int) -> None:
    """Whatever the page size, also when the last page is full; the oldest first."""
    made = [one["id"] for one in await quiet.happen(count=50)]
    assert [one["id"] for one in await every(quiet, pageSize=size)] == made


async def test_pages_of_alerts_have_keys_and_no_numbers(owner: Visitor) -> None:
    """Fifty without asking, a hundred at most; totals only when asked for; the end says nothing, or an empty key."""
    first = await owner.ask("GET", ALERTS)
    assert len(first["items"]) == 50
    assert first["pages"].keys() == {"size", "maxSize", "fromKey", "nextKey"}
    assert (first["pages"]["size"], first["pages"]["maxSize"]) == (50, 100)
    second = await owner.ask("GET", ALERTS, pageFromKey=first["pages"]["nextKey"], pageSize=100)
    assert second["pages"]["fromKey"] == first["pages"]["nextKey"]
    counted = (await owner.ask("GET", ALERTS, pageTotal="True", severity="high"))["pages"]
    assert counted["items"] == len(await every(owner, severity="high"))
    assert counted["total"] == -(-counted["items"] // 50)
    assert (await owner.ask("GET", ALERTS, pageSize=101))["pages"]["size"] == 100
    await owner.switch(page_size_above_maximum="refuse", next_key_at_end="empty")
    refusal(await owner.http.get(ALERTS, headers=owner.headers, params={"pageSize": 101}), 400)
    assert (await owner.ask("GET", ALERTS, ids=NOBODY))["pages"]["nextKey"] == ""


@pytest.mark.parametrize("key", ["nonsense", "!", "W10", "WyIwMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDAiXQ"])
async def test_a_wrong_key_of_alerts_is_refused_or_ignored(owner: Visitor, key: str) -> None:
    """Also one that names an alert that never was."""
    refusal(await owner.http.get(ALERTS, headers=owner.headers, params={"pageFromKey": key}), 400)
    await owner.switch(malformed="ignore")
    assert (await owner.ask("GET", ALERTS, pageFromKey=key))["items"] == (await owner.ask("GET", ALERTS))["items"]


async def test_keys_stay_good_while_alerts_are_dealt_with(quiet: Visitor) -> None:
    """Even when the alert that the key stands for is closed; nobody else is skipped."""
    made = [one["id"] for one in await quiet.happen(count=12)]
    first = await quiet.ask("GET", ALERTS, pageSize=5)
    for one in (made[1], made[5]):
        await quiet.ask("POST", f"{ALERTS}/{one}/actions", body={"action": "acknowledge"}, expect=201)
    rest = await quiet.ask("GET", ALERTS, pageFromKey=first["pages"]["nextKey"])
    assert [one["id"] for one in rest["items"]] == made[6:]


@pytest.mark.parametrize("name", ["severity", "category", "product", "groupKey"])
async def test_words_of_alerts_filter(owner: Visitor, name: str) -> None:
    """Exactly those that have the word; several words are any of them."""
    everything = await every(owner)
    words = sorted({one[name] for one in everything})
    assert len(words) > 1
    for word in words:
        assert await every(owner, **{name: word}) == [one for one in everything if one[name] == word]
    if name != "groupKey":
        assert await every(owner, **{name: ",".join(words)}) == await every(owner, **{name: words}) == everything
        assert await every(owner, **{name: words[:1]}) != everything


async def test_an_unknown_severity_is_refused_and_other_unknown_words_find_nothing(owner: Visitor) -> None:
    """Sophos has more products and categories than come up here."""
    refusal(await owner.http.get(ALERTS, headers=owner.headers, params={"severity": "purple"}), 400)
    assert await every(owner, product="firewall") == await every(owner, category="adSync") == []
    await owner.switch(malformed="ignore")
    assert await every(owner, severity="purple") == await every(owner)


async def test_alerts_filter_by_time_and_id(owner: Visitor) -> None:
    """From and to are inclusive; a duration is counted from now; ids come by comma, repeated, in any case."""
    everything = await every(owner)
    moment = everything[-20]["raisedAt"]
    assert await every(owner, **{"from": moment}) == everything[-20:]
    assert await every(owner, to=moment) == everything[:-19]
    assert await every(owner, **{"from": moment, "to": moment}) == [everything[-20]]
    assert 18 <= len(await every(owner, **{"from": "-P10D"})) <= 22
    refusal(await owner.http.get(ALERTS, headers=owner.headers, params={"from": "yesterday"}), 400)
    one, two = everything[3], everything[8]
    for ids in (f"{two['id'].upper()},{one['id']}", [one["id"], two["id"], NOBODY]):
        assert await every(owner, ids=ids) == [one, two]


@pytest.mark.parametrize("sort", ["raisedAt:desc", "severity,raisedAt", "product:desc,category"])
async def test_sorted_pages_of_alerts_read_everything_once(owner: Visitor, sort: str) -> None:
    """Keys carry what the order needs; `fields` narrows what is shown and no more."""
    found = [one["id"] for one in await every(owner, sort=sort, pageSize=7, fields="severity")]
    whole = await every(owner, sort=sort)
    assert found == [one["id"] for one in whole]
    assert sorted(found) == sorted(one["id"] for one in await every(owner))
    if sort == "raisedAt:desc":
        assert whole == list(reversed(await every(owner)))
    assert (await owner.ask("GET", ALERTS, fields="severity,type"))["items"][0].keys() == {"id", "severity", "type"}
    refusal(await owner.http.get(ALERTS, headers=owner.headers, params={"sort": "shoeSize"}), 400)


async def test_a_search_asks_in_its_body_what_the_list_asks_in_its_query(owner: Visitor) -> None:
    """With the same keys; whoever may only read may search."""
    await owner.switch(read_only=True)
    asked: Json = {"severity": ["high", "medium"], "product": ["endpoint"], "pageSize": 5, "pageTotal": True, "sort": ["raisedAt:desc"]}
    first = await owner.ask("POST", f"{ALERTS}/search", body=asked)
    params: Json = {"severity": "high,medium", "product": "endpoint", "pageSize": 5, "pageTotal": "true", "sort": "raisedAt:desc"}
    assert first == await owner.ask("GET", ALERTS, **params)
    second = await owner.ask("POST", f"{ALERTS}/search", body={**asked, "pageFromKey": first["pages"]["nextKey"]})
    assert second == await owner.ask("GET", ALERTS, **params, pageFromKey=first["pages"]["nextKey"])
    assert len(first["items"]) == len(second["items"]) == 5
    assert (await owner.ask("POST", f"{ALERTS}/search", body={}))["items"] == (await owner.ask("GET", ALERTS))["items"]


@pytest.mark.parametrize("body", [{"severity": {"is": "high"}}, {"ids": [1]}, {"pageSize": "many"}, [], None])
async def test_a_malformed_search_of_alerts_is_refused(owner: Visitor, body: Any) -> None:
    """400."""
    refusal(await owner.http.post(f"{ALERTS}/search", headers=owner.headers, json=body), 400)


async def test_one_alert_is_read_or_is_not_there(owner: Visitor) -> None:
    """An event that raised none has no alert; nor has what is yet to come."""
    alert = (await every(owner))[5]
    assert await owner.ask("GET", f"{ALERTS}/{alert['id'].upper()}") == alert
    assert (await owner.ask("GET", f"{ALERTS}/{alert['id']}", fields="type")).keys() == {"id", "type"}
    (event,) = await owner.happen(type="Event::Endpoint::UpdateSuccess")
    for one in (NOBODY, event["id"]):
        refusal(await owner.http.get(f"{ALERTS}/{one}", headers=owner.headers), 404)
    refusal(await owner.http.get(f"{ALERTS}/first", headers=owner.headers), 400)


async def test_an_action_deals_with_an_alert(quiet: Visitor) -> None:
    """It is gone then; whether it is, nobody says, so it is a switch."""
    (made,) = await quiet.happen(type="Event::Endpoint::Threat::PuaCleanupFailed")
    path = f"{ALERTS}/{made['id']}"
    assert (await quiet.ask("GET", path))["allowedActions"] == ["acknowledge", "authPua", "cleanPua"]
    told = await quiet.ask("POST", f"{path}/actions", body={"action": "cleanPua", "message": "seen"}, expect=201)
    assert told.keys() == {"id", "alertId", "action", "status", "result", "requestedAt"}
    assert (told["alertId"], told["action"], told["status"]) == (made["id"], "cleanPua", "requested")
    refusal(await quiet.http.get(path, headers=quiet.headers), 404)
    refusal(await quiet.http.post(f"{path}/actions", headers=quiet.headers, json={"action": "acknowledge"}), 404)
    assert await every(quiet) == []
    await quiet.switch(closed_alerts_listed=True)
    assert await every(quiet) == [await quiet.ask("GET", path)]


@pytest.mark.parametrize("body", [{"action": "reboot"}, {"action": None}, {"action": ["acknowledge"]}, {}, []])
async def test_an_action_that_the_alert_does_not_allow_changes_nothing(quiet: Visitor, body: Any) -> None:
    """400; without the right to write, 403; on an alert that nobody has, 404."""
    (made,) = await quiet.happen()
    refusal(await quiet.http.post(f"{ALERTS}/{made['id']}/actions", headers=quiet.headers, json=body), 400)
    await quiet.ask("POST", f"{ALERTS}/{NOBODY}/actions", body={"action": "acknowledge"}, expect=404)
    await quiet.switch(read_only=True)
    await quiet.ask("POST", f"{ALERTS}/{made['id']}/actions", body={"action": "acknowledge"}, expect=403)
    assert [one["id"] for one in await every(quiet)] == [made["id"]]


async def test_the_clock_brings_new_alerts_and_takes_the_oldest(owner: Visitor) -> None:
    """They are kept for 90 days."""
    before = await every(owner)
    assert 179 <= len(before) <= 181
    await control(owner.http, "POST", "/clock", {"advance": 10 * 86_400})
    await owner.sign_in()
    after = await every(owner)
    assert 179 <= len(after) <= 181
    assert 18 <= len({one["id"] for one in after} - {one["id"] for one in before}) <= 22
    kept = [one for one in before if one in after]
    assert 158 <= len(kept) <= 162
    assert kept == before[-len(kept) :] == after[: len(kept)]
    refusal(await owner.http.get(f"{ALERTS}/{before[0]['id']}", headers=owner.headers), 404)


async def test_the_same_seed_gives_the_same_alerts(http: httpx.AsyncClient) -> None:
    """Ids and times and all; another seed gives others."""
    told = [await every(await visiting(http, users=9, endpoints=9, events_per_day=5, **given)) for given in ({}, {}, {"seed": 8})]
    one, same, other = [{alert["id"]: {**alert, "tenant": None} for alert in alerts} for alerts in told]
    both = one.keys() & same.keys()
    assert len(both) >= 89
    assert all(one[alert_id] == same[alert_id] for alert_id in both)
    assert one.keys().isdisjoint(other)


async def test_alerts_of_a_deleted_person_name_nobody(quiet: Visitor) -> None:
    """Of a deleted device the alert stays."""
    (made,) = await quiet.happen()
    alert = await quiet.ask("GET", f"{ALERTS}/{made['id']}")
    await quiet.control("POST", "/changes", {"leave_ids": [alert["person"]["id"]]})
    await quiet.ask("DELETE", f"{ENDPOINTS}/{alert['managedAgent']['id']}")
    left = {name: value for name, value in alert.items() if name != "person"}
    assert await quiet.ask("GET", f"{ALERTS}/{made['id']}") == left


async def test_raised_at_is_on_the_simulators_clock(quiet: Visitor) -> None:
    """An alert that a tester asks for is raised now."""
    now = (await control(quiet.http, "GET", "/clock"))["now"]
    (made,) = await quiet.happen()
    raised = datetime.fromisoformat((await quiet.ask("GET", f"{ALERTS}/{made['id']}"))["raisedAt"])
    assert timedelta(0) <= raised - datetime.fromisoformat(now).astimezone(UTC) < timedelta(seconds=5)


async def test_whether_times_of_alerts_have_a_zone_is_a_switch(owner: Visitor) -> None:
    """Samples show both; keys and filters stay what they were."""
    zoned = await every(owner)
    await owner.switch(raised_at_zoned=False)
    bare = await every(owner, pageSize=7)
    assert [f"{one['raisedAt']}Z" for one in bare] == [one["raisedAt"] for one in zoned]
    assert await every(owner, **{"from": bare[9]["raisedAt"]}, sort="raisedAt") == bare[9:]
