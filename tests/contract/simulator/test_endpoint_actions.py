"""What can be done with endpoints, and when it shows."""

import httpx
import pytest

from tests.contract.simulator.visitor import ENDPOINTS, NOBODY, Json, Visitor, control, refusal, visiting


@pytest.fixture
async def owner(http: httpx.AsyncClient) -> Visitor:
    """Give a visitor of a tenant with devices."""
    return await visiting(http, users=10, endpoints=20)


async def device(owner: Visitor, number: int = 0) -> str:
    """Return the path of an endpoint."""
    items: list[Json] = (await owner.ask("GET", ENDPOINTS))["items"]
    return f"{ENDPOINTS}/{items[number]['id']}"


async def isolated(owner: Visitor, path: str) -> str:
    """Return what a device says of its isolation."""
    row = await owner.ask("GET", path)
    assert row["isolation"]["adminIsolated"] is (row["isolation"]["status"] == "isolated")
    return str(row["isolation"]["status"])


async def test_a_device_is_isolated_and_released(owner: Visitor) -> None:
    """Who asked, when and why is told; nothing was before the first time."""
    path = await device(owner)
    assert await owner.ask("GET", f"{path}/isolation") == {"enabled": False, "comment": ""}
    asked = await owner.ask("PATCH", f"{path}/isolation", body={"enabled": True, "comment": "odd traffic"})
    assert asked == await owner.ask("GET", f"{path}/isolation")
    assert (asked["enabled"], asked["comment"], asked["lastEnabledBy"]) == (True, "odd traffic", {"id": owner.tenant["client_id"]})
    assert asked["lastEnabledAt"].endswith("Z")
    assert await isolated(owner, path) == "isolated"
    assert [path.rpartition("/")[2]] == [one["id"] for one in (await owner.ask("GET", ENDPOINTS, isolationStatus="isolated"))["items"]]
    released = await owner.ask("PATCH", f"{path}/isolation", body={"enabled": False})
    assert (released["enabled"], released["comment"], released["lastEnabledAt"]) == (False, "", asked["lastEnabledAt"])
    assert released["lastDisabledAt"] >= asked["lastEnabledAt"]
    assert await isolated(owner, path) == "notIsolated"


async def test_several_devices_are_isolated_or_none(owner: Visitor) -> None:
    """202 with each one's state; an unknown id refuses the whole."""
    ids = [one["id"] for one in (await owner.ask("GET", ENDPOINTS))["items"][:3]]
    body = {"enabled": True, "comment": "three", "ids": [*ids, NOBODY]}
    await owner.ask("POST", f"{ENDPOINTS}/isolation", body=body, expect=404)
    assert (await owner.ask("GET", ENDPOINTS, isolationStatus="isolated"))["items"] == []
    answered = await owner.ask("POST", f"{ENDPOINTS}/isolation", body={**body, "ids": ids}, expect=202)
    assert [(item["id"], item["isolation"]["enabled"]) for item in answered["items"]] == [(one, True) for one in ids]
    assert [one["id"] for one in (await owner.ask("GET", ENDPOINTS, isolationStatus="isolated"))["items"]] == ids


async def test_isolation_may_take_its_time(owner: Visitor, http: httpx.AsyncClient) -> None:
    """What was asked shows at once, what the device did later; in between another change conflicts, single or among several."""
    await owner.switch(isolation_takes=600)
    path, other = await device(owner), await device(owner, 1)
    asked = await owner.ask("PATCH", f"{path}/isolation", body={"enabled": True})
    assert asked["enabled"] is True
    assert await isolated(owner, path) == "notIsolated"
    await owner.ask("PATCH", f"{path}/isolation", body={"enabled": False}, expect=409)
    both = {"enabled": True, "ids": [one.rpartition("/")[2] for one in (other, path)]}
    await owner.ask("POST", f"{ENDPOINTS}/isolation", body=both, expect=409)
    assert (await owner.ask("GET", f"{other}/isolation"))["enabled"] is False
    await control(http, "POST", "/clock", {"advance": 601})
    assert await isolated(owner, path) == "isolated"
    await owner.ask("PATCH", f"{path}/isolation", body={"enabled": False})
    assert await isolated(owner, path) == "isolated"


async def test_tamper_protection_has_a_password_and_remembers_those_before(owner: Visitor) -> None:
    """Reading changes nothing; off and on keep the password; the list of endpoints shows the state and no password."""
    path = f"{await device(owner)}/tamper-protection"
    before = await owner.ask("GET", path)
    assert before == await owner.ask("GET", path)
    assert (before["enabled"], before["previousPasswords"], len(before["password"])) == (True, [], 12)
    off = await owner.ask("POST", path, body={"enabled": False}, expect=201)
    assert off == {**before, "enabled": False} == await owner.ask("GET", path)
    assert len((await owner.ask("GET", ENDPOINTS, tamperProtectionEnabled="false"))["items"]) == 1
    other = await owner.ask("POST", path, body={"regeneratePassword": True}, expect=201)
    assert other["password"] != before["password"]
    assert [one["password"] for one in other["previousPasswords"]] == [before["password"]]
    assert other["previousPasswords"][0]["invalidatedAt"].endswith("Z")
    third = await owner.ask("POST", path, body={"enabled": True, "regeneratePassword": True}, expect=201)
    assert [one["password"] for one in third["previousPasswords"]] == [other["password"], before["password"]]
    assert before["password"] not in str(await owner.ask("GET", ENDPOINTS, view="full"))
    elsewhere = await owner.ask("GET", f"{await device(owner, 1)}/tamper-protection")
    assert elsewhere["password"] not in {before["password"], other["password"]}


async def test_tamper_protection_of_the_whole_tenant_is_told(owner: Visitor) -> None:
    """On."""
    assert await owner.ask("GET", "/endpoint/v1/settings/tamper-protection") == {"enabled": True}


@pytest.mark.parametrize("what", ["scans", "update-checks"])
async def test_scans_and_update_checks_are_asked_for(owner: Visitor, what: str) -> None:
    """With a body, though an empty one; without, it is refused."""
    path = f"{await device(owner)}/{what}"
    first, second = [await owner.ask("POST", path, body={}, expect=201) for _ in range(2)]
    assert first.keys() == {"id", "status", "requestedAt"}
    assert first["status"] == "requested"
    assert first["id"] != second["id"]
    refusal(await owner.http.post(path, headers=owner.headers), 400)


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [
        ("GET", "isolation", None),
        ("PATCH", "isolation", {"enabled": True}),
        ("GET", "tamper-protection", None),
        ("POST", "tamper-protection", {"enabled": True}),
        ("POST", "scans", {}),
        ("POST", "update-checks", {}),
    ],
)
async def test_unknown_devices_are_404_and_writes_need_the_right(owner: Visitor, method: str, what: str, body: Json | None) -> None:
    """Whatever is done."""
    await owner.ask(method, f"{ENDPOINTS}/{NOBODY}/{what}", body=body, expect=404)
    await owner.switch(read_only=True)
    response = await owner.http.request(method, f"{await device(owner)}/{what}", json=body, headers=owner.headers)
    assert response.status_code == (200 if method == "GET" else 403)


@pytest.mark.parametrize("body", [{}, {"enabled": "yes"}, {"enabled": True, "comment": 5}])
async def test_a_malformed_isolation_changes_nothing(owner: Visitor, body: Json) -> None:
    """400."""
    path = await device(owner)
    await owner.ask("PATCH", f"{path}/isolation", body=body, expect=400)
    assert await isolated(owner, path) == "notIsolated"
