"""The endpoint list: keys instead of page numbers, views, filters, and deletion."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.contract.simulator.visitor import ENDPOINTS, NOBODY, USERS, Json, Visitor, control, refusal, visiting

COUNT = 230


@pytest.fixture
async def owner(http: httpx.AsyncClient) -> Visitor:
    """Give a visitor of a tenant with devices."""
    return await visiting(http, users=50, endpoints=COUNT)


async def every(visitor: Visitor, **params: Any) -> list[Json]:
    """Return all endpoints, key by key."""
    found: list[Json] = []
    key: dict[str, Any] = {}
    while True:
        page = await visitor.ask("GET", ENDPOINTS, **params, **key)
        found.extend(page["items"])
        if not page["pages"].get("nextKey"):
            return found
        key = {"pageFromKey": page["pages"]["nextKey"]}


@pytest.mark.parametrize("size", [1, 7, 50, 230, 500])
async def test_following_keys_reads_everything_once(owner: Visitor, size: int) -> None:
    """Whatever the page size; also when the last page is full."""
    found = await every(owner, pageSize=size, view="basic")
    assert len({one["id"] for one in found}) == len(found) == COUNT


async def test_pages_have_keys_and_no_numbers(owner: Visitor) -> None:
    """Fifty without asking; the key of the first item; the last page has no next key, or an empty one."""
    first = await owner.ask("GET", ENDPOINTS)
    assert len(first["items"]) == 50
    assert (first["pages"].keys(), first["pages"]["size"], first["pages"]["maxSize"]) == (
        {"size", "maxSize", "fromKey", "nextKey"},
        50,
        500,
    )
    second = await owner.ask("GET", ENDPOINTS, pageFromKey=first["pages"]["nextKey"], pageSize=180)
    assert second["pages"].keys() == {"size", "maxSize", "fromKey"}
    assert second["pages"]["fromKey"] == first["pages"]["nextKey"]
    await owner.switch(next_key_at_end="empty")
    last = await owner.ask("GET", ENDPOINTS, pageFromKey=first["pages"]["nextKey"], pageSize=500)
    assert last["pages"]["nextKey"] == ""


async def test_totals_come_only_when_asked_for(owner: Visitor) -> None:
    """Pages and rows, after the filters."""
    counted = (await owner.ask("GET", ENDPOINTS, pageTotal="True", pageSize=100))["pages"]
    assert (counted["total"], counted["items"]) == (3, COUNT)
    servers = len([one for one in await every(owner) if one["type"] == "server"])
    assert (await owner.ask("GET", ENDPOINTS, pageTotal="true", type="server", pageSize=1))["pages"]["items"] == servers


async def test_a_page_larger_than_500_is_cut_or_refused(owner: Visitor) -> None:
    """The description does not say which."""
    assert (await owner.ask("GET", ENDPOINTS, pageSize=501))["pages"]["size"] == 500
    await owner.switch(page_size_above_maximum="refuse")
    refusal(await owner.http.get(ENDPOINTS, headers=owner.headers, params={"pageSize": "501"}), 400)


@pytest.mark.parametrize("key", ["nonsense", "!", "bnVsbA", "WyJ4Il0", "W10", "ÿ"])
async def test_a_wrong_key_is_refused_or_ignored(owner: Visitor, key: str) -> None:
    """The description does not say which."""
    refusal(await owner.http.get(ENDPOINTS, headers=owner.headers, params={"pageFromKey": key}), 400)
    await owner.switch(malformed="ignore")
    assert await owner.ask("GET", ENDPOINTS, pageFromKey=key) == await owner.ask("GET", ENDPOINTS)


async def test_keys_stay_good_while_devices_go(owner: Visitor) -> None:
    """Even when the device that the key stands for is gone; nobody else is skipped."""
    before = [one["id"] for one in await every(owner)]
    first = await owner.ask("GET", ENDPOINTS, pageSize=10)
    await owner.ask("POST", f"{ENDPOINTS}/delete", body={"endpointIds": [before[3], before[10], before[11]]})
    rest = await owner.ask("GET", ENDPOINTS, pageSize=500, pageFromKey=first["pages"]["nextKey"])
    assert [one["id"] for one in rest["items"]] == before[12:]


async def test_each_view_shows_more(owner: Visitor) -> None:
    """Four fields, the usual ones, all; `fields` narrows them."""
    views: list[dict[str, Any]] = [{"view": "basic"}, {}, {"view": "full"}]
    basic, usual, full = [(await owner.ask("GET", ENDPOINTS, pageSize=1, **view))["items"][0] for view in views]
    assert basic.keys() == {"id", "type", "tenant", "hostname"}
    assert basic.keys() < usual.keys() < full.keys()
    assert {"health", "os", "lastSeenAt", "tamperProtectionEnabled", "isolation", "associatedPerson"} <= usual.keys()
    assert (await owner.ask("GET", ENDPOINTS, pageSize=1, view="summary"))["items"][0] == usual
    assert (await owner.ask("GET", ENDPOINTS, pageSize=1, fields="hostname,online"))["items"][0].keys() == {"id", "hostname", "online"}
    refusal(await owner.http.get(ENDPOINTS, headers=owner.headers, params={"view": "panoramic"}), 400)


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("healthStatus", "bad", ("health", "overall")),
        ("type", "server", ("type",)),
        ("lockdownStatus", "notInstalled", ("lockdown", "status")),
        ("overallEncryptionStatus", "notEncrypted", ("encryption", "overallStatus")),
        ("isolationStatus", "notIsolated", ("isolation", "status")),
    ],
)
async def test_words_filter(owner: Visitor, name: str, value: str, path: tuple[str, ...]) -> None:
    """Exactly those that have the word; one that does not exist is refused."""

    def word(row: Any) -> Any:
        for step in path:
            row = row.get(step, {})
        return row

    everything = await every(owner)
    found = await every(owner, **{name: value})
    assert found == [one for one in everything if word(one) == value]
    assert found
    refusal(await owner.http.get(ENDPOINTS, headers=owner.headers, params={name: "purple"}), 400)


async def test_times_filter_as_a_moment_and_as_a_duration(owner: Visitor) -> None:
    """After is inclusive, before exclusive; together they part the whole."""
    now = datetime.fromisoformat((await control(owner.http, "GET", "/clock"))["now"])
    moment = (now - timedelta(days=30)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    lately, long_ago = [await every(owner, **{name: "-P30D"}) for name in ("lastSeenAfter", "lastSeenBefore")]
    assert lately == await every(owner, lastSeenAfter=moment)
    assert all(one["lastSeenAt"] >= moment for one in lately)
    assert all(one["lastSeenAt"] < moment for one in long_ago)
    assert len(lately) + len(long_ago) == COUNT
    assert long_ago
    edge = lately[0]["lastSeenAt"]
    assert lately[0] in await every(owner, lastSeenAfter=edge)
    assert lately[0] not in await every(owner, lastSeenBefore=edge)
    refusal(await owner.http.get(ENDPOINTS, headers=owner.headers, params={"lastSeenAfter": "yesterday"}), 400)


@pytest.mark.parametrize("name", ["lastSeen", "lastOsUpdate", "lastAgentUpdate"])
async def test_each_time_filters(owner: Visitor, name: str) -> None:
    """Before and after together part the whole."""
    everything = await every(owner, view="full")
    moment = sorted(one[f"{name}At"] for one in everything)[COUNT // 2]
    for side, wanted in (
        ("Before", [one[f"{name}At"] < moment for one in everything]),
        ("After", [one[f"{name}At"] >= moment for one in everything]),
    ):
        found = await every(owner, view="full", **{f"{name}{side}": moment})
        assert found == [one for one, meant in zip(everything, wanted, strict=True) if meant]
        assert found


@pytest.mark.parametrize("name", ["cloud", "online", "tamperProtectionEnabled", "tamperProtectionSupported"])
async def test_yes_and_no_filter(owner: Visitor, name: str) -> None:
    """Together they part the whole; what is neither is refused."""
    first = (await owner.ask("GET", ENDPOINTS))["items"][0]["id"]
    await owner.ask("POST", f"{ENDPOINTS}/{first}/tamper-protection", body={"enabled": False}, expect=201)
    everything = await every(owner, view="full")
    for word in ("true", "false"):
        found = await every(owner, view="full", **{name: word})
        assert found == [one for one in everything if bool(one.get(name)) is (word == "true")]
    refusal(await owner.http.get(ENDPOINTS, headers=owner.headers, params={name: "perhaps"}), 400)


async def test_filters_that_are_out_of_service_are_ignored(owner: Visitor) -> None:
    """Sophos takes them and does nothing."""
    found = await every(owner, groupNameContains="nowhere", assignedToGroup="false", groupIds=NOBODY)
    assert len(found) == COUNT


async def test_texts_and_addresses_filter(owner: Visitor) -> None:
    """Parts of names in any case, ids by comma or repeated, hardware addresses however they are written."""
    everything = await every(owner, view="full")
    one, two = everything[16], everything[40]
    assert [found["id"] for found in await every(owner, ids=f"{one['id']},{two['id'].upper()}")] == [one["id"], two["id"]]
    assert [found["id"] for found in await every(owner, ids=[one["id"], two["id"]])] == [one["id"], two["id"]]
    assert one["id"] in [found["id"] for found in await every(owner, hostnameContains=one["hostname"].lower())]
    assert [found["id"] for found in await every(owner, serialNumberContains=one["serialNumber"])] == [one["id"]]
    assert [found["id"] for found in await every(owner, ipAddresses=one["ipv4Addresses"][0])] == [one["id"]]
    mac = one["macAddresses"][0]
    for written in (mac, mac.lower(), mac.replace(":", "-"), mac.replace(":", "")):
        assert [found["id"] for found in await every(owner, macAddresses=written)] == [one["id"]]
    person = one["associatedPerson"]["name"]
    found = await every(owner, associatedPersonContains=person)
    assert {device["associatedPerson"]["name"] for device in found} == {person}
    assert found == await every(owner, search=person, searchFields="associatedPersonName")
    assert await every(owner, search=person) == []
    online = await every(owner, online="true")
    assert online
    assert len(online) + len(await every(owner, online="false")) == COUNT


@pytest.mark.parametrize("sort", ["hostname:desc", "type,hostname:desc", "lastSeenAt"])
async def test_sorted_pages_read_everything_once(owner: Visitor, sort: str) -> None:
    """Keys carry what the order needs."""
    found = await every(owner, sort=sort, pageSize=7)
    assert [one["id"] for one in found] == [one["id"] for one in await every(owner, sort=sort, pageSize=500)]
    assert len({one["id"] for one in found}) == COUNT
    if sort == "hostname:desc":
        assert [one["hostname"] for one in found] == sorted((one["hostname"] for one in found), reverse=True)


async def test_one_endpoint_is_read_whole_or_is_not_there(owner: Visitor) -> None:
    """404 with an error object."""
    listed = (await every(owner, view="full"))[5]
    assert await owner.ask("GET", f"{ENDPOINTS}/{listed['id']}") == listed
    assert (await owner.ask("GET", f"{ENDPOINTS}/{listed['id'].upper()}", view="basic")).keys() == {"id", "type", "tenant", "hostname"}
    refusal(await owner.http.get(f"{ENDPOINTS}/{NOBODY}", headers=owner.headers), 404)


async def test_endpoints_are_deleted_one_by_one_or_together(owner: Visitor) -> None:
    """The bulk answer names those that were there."""
    one, two, three = (await every(owner))[:3]
    assert await owner.ask("DELETE", f"{ENDPOINTS}/{one['id']}") == {"deleted": True}
    refusal(await owner.http.get(f"{ENDPOINTS}/{one['id']}", headers=owner.headers), 404)
    both = {"endpointIds": [one["id"], two["id"], three["id"], NOBODY]}
    assert await owner.ask("POST", f"{ENDPOINTS}/delete", body=both) == {"endpointIds": [two["id"], three["id"]]}
    assert len(await every(owner)) == COUNT - 3
    await owner.ask("POST", f"{ENDPOINTS}/delete", body={"endpointIds": []}, expect=400)
    await owner.switch(read_only=True)
    await owner.ask("DELETE", f"{ENDPOINTS}/{two['id']}", expect=403)


async def test_devices_stay_when_their_user_is_deleted(owner: Visitor) -> None:
    """Each belongs to somebody of the directory; of somebody deleted only the login stays."""
    people = {one["id"]: one for one in await owner.everybody()}
    everything = await every(owner)
    assert {device["associatedPerson"]["id"] for device in everything} == people.keys()
    assert all(device["associatedPerson"]["name"] == people[device["associatedPerson"]["id"]]["name"] for device in everything)
    leaver = await owner.one()
    theirs = [device["id"] for device in everything if device["associatedPerson"]["id"] == leaver["id"]]
    await owner.ask("DELETE", f"{USERS}/{leaver['id']}")
    assert len(await every(owner)) == COUNT
    assert theirs
    for one in theirs:
        assert (await owner.ask("GET", f"{ENDPOINTS}/{one}"))["associatedPerson"].keys() == {"viaLogin"}


async def test_the_same_seed_gives_the_same_devices(http: httpx.AsyncClient) -> None:
    """Ids and all; another seed gives others, and a device looks like nothing that could exist twice."""
    one, same, other = [await every(await visiting(http, endpoints=40, **given), view="full") for given in ({}, {}, {"seed": 8})]
    assert [{**device, "tenant": None} for device in one] == [{**device, "tenant": None} for device in same]
    assert not {device["id"] for device in one} & {device["id"] for device in other}
    for name in ("hostname", "serialNumber"):
        assert len({device[name] for device in one}) == 40
    assert len({device["macAddresses"][0] for device in one}) == 40
