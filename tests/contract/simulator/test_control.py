"""The control API: who may, tenants, changes, and the record of requests."""

import json
import os
import subprocess
import sys

import httpx
import pytest

from tests.contract.simulator.visitor import CONTROL_TOKEN, NOBODY, USERS, Visitor, control, refusal, visiting


@pytest.mark.parametrize("token", [None, "", "wrong", CONTROL_TOKEN + "x", CONTROL_TOKEN[:-1], "ÿ"])
@pytest.mark.parametrize("path", ["/_control/tenants", "//_control//tenants", "/_control/nothing", "/_control/health/"])
async def test_the_control_api_needs_its_token(visitor: Visitor, path: str, token: str | None) -> None:
    """A tenant's own token does not help."""
    headers = visitor.headers | ({} if token is None else {"X-Control-Token": token.encode("latin-1").decode("latin-1")})
    url = str(visitor.http.base_url).rstrip("/") + path
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    refusal(await visitor.http.post(url, headers=sent, json={}), 401)


async def test_health_is_open(http: httpx.AsyncClient) -> None:
    """For a container's health check."""
    answer = await http.get("/_control/health")
    assert (answer.status_code, answer.json()) == (200, {"state": "alive"})


async def test_each_tenant_is_a_world_of_its_own(http: httpx.AsyncClient) -> None:
    """A demo is played again and again against one simulator."""
    one, two = [await visiting(http, users=20, email_domain=f"{name}.example.com") for name in ("one", "two")]
    assert {one.tenant[name] for name in one.tenant if name not in {"users", "endpoints", "data_region"}}.isdisjoint(two.tenant.values())
    user = await one.one()
    await one.ask("DELETE", f"{USERS}/{user['id']}")
    assert (len(await one.everybody()), len(await two.everybody())) == (19, 20)
    listed = await control(http, "GET", "/tenants")
    shown = {tenant["tenant_id"]: tenant for tenant in listed["items"]}
    assert shown[one.tenant["tenant_id"]]["email_domain"] == "one.example.com"
    assert one.tenant["client_secret"] not in json.dumps(listed), "secrets are shown once"


async def test_a_tenant_can_be_forgotten(visitor: Visitor) -> None:
    """And its token with it."""
    await visitor.control("DELETE", "")
    refusal(await visitor.http.get(USERS, headers=visitor.headers), 401)
    await visitor.control("GET", "", expect=404)


@pytest.mark.parametrize("body", [{"users": -1}, {"users": 2_000_000}, {"email_domain": "no spaces"}, {"usres": 5}, {"seed": "x"}])
async def test_a_tenant_that_cannot_be_made_is_refused(http: httpx.AsyncClient, body: dict[str, object]) -> None:
    """The answer names what is wrong."""
    answer = await control(http, "POST", "/tenants", body, expect=400)
    assert next(iter(body)) in answer["message"]


async def test_the_users_are_shown_page_by_page(visitor: Visitor) -> None:
    """The other witness of a story: what is really there."""
    shown = []
    for page in (1, 2, 3):
        shown += (await visitor.control("GET", f"/users?page={page}&pageSize=50"))["items"]
    assert {user["id"]: (user["email"], user["source_type"]) for user in shown} == {
        user["id"]: (user["email"], user["source"]["type"]) for user in await visitor.everybody()
    }


async def test_changes_say_exactly_who_changed_joined_and_left(visitor: Visitor) -> None:
    """What a sync must find afterwards, no more and no less."""
    before = {user["id"]: user for user in await visitor.everybody()}
    certain = list(before)[:2]
    moved = await visitor.control("POST", "/changes", {"change": 7, "join": 3, "leave": 3, "leave_ids": certain})
    after = {user["id"]: user for user in await visitor.everybody()}
    changed, joined, left = ({person["id"] for person in moved[name]} for name in ("changed", "joined", "left"))
    assert {one for one in before.keys() & after.keys() if before[one] != after[one]} == changed
    assert (after.keys() - before.keys(), before.keys() - after.keys()) == (joined, left)
    assert (len(changed), len(joined), len(left)) == (7, 3, 5)
    assert left > set(certain)
    for one in changed:
        assert {name for name in after[one] if after[one][name] != before[one][name]} == {"name", "lastName", "updatedAt"}
        assert after[one]["updatedAt"] > before[one]["updatedAt"]
    assert {person["email"] for person in moved["joined"]} == {after[one]["email"] for one in joined}
    refusal(await visitor.http.get(f"{USERS}/{certain[0]}", headers=visitor.headers), 404)


async def test_changes_are_the_same_for_the_same_seed(http: httpx.AsyncClient) -> None:
    """And without a seed, others at each call."""
    one, two = await visiting(http), await visiting(http)
    body = {"change": 5, "join": 2, "leave": 2}
    for seeded in ({**body, "seed": 3}, body, body):
        moved = await one.control("POST", "/changes", seeded)
        assert moved == await two.control("POST", "/changes", seeded)
    again = await one.control("POST", "/changes", body)
    assert [person["id"] for person in again["changed"]] != [person["id"] for person in moved["changed"]]


@pytest.mark.parametrize("body", [{"leave_ids": [NOBODY], "change": 1}, {"change": 100, "leave": 21}, {"chnge": 1}])
async def test_changes_that_cannot_be_made_change_nothing(visitor: Visitor, body: dict[str, object]) -> None:
    """A story must not go on with fewer than it asked for."""
    before = await visitor.everybody()
    await visitor.control("POST", "/changes", body, expect=400)
    assert await visitor.everybody() == before


async def test_every_request_is_on_record(visitor: Visitor) -> None:
    """So that a test can prove who was deleted, and how many requests were spent."""
    await visitor.control("DELETE", "/requests")
    user = await visitor.one()
    await visitor.sign_in()
    await visitor.ask("DELETE", f"{USERS}/{user['id']}")
    await visitor.http.get(f"{USERS}/{user['id']}", headers=visitor.headers)
    await visitor.fault("cut")
    with pytest.raises(httpx.RemoteProtocolError):
        await visitor.users()
    record = await visitor.control("GET", "/requests")
    one = f"{USERS}/{{id}}"
    assert record["counts"] == {f"GET {USERS}": 2, f"DELETE {one}": 1, f"GET {one}": 1}
    assert (record["total"], record["sign_ins"]) == (4, 1)
    path = f"{USERS}/{user['id']}"
    assert [(entry["method"], entry["path"], entry["status"]) for entry in record["recent"]] == [
        ("GET", USERS, 200),
        ("POST", "/api/v2/oauth2/token", 200),
        ("DELETE", path, 200),
        ("GET", path, 404),
        ("GET", USERS, None),
    ]
    assert record["recent"][0]["query"] == "sourceType=custom&pageSize=1"


async def test_refused_requests_are_on_record_too(visitor: Visitor) -> None:
    """An ended token and the rate limit cost requests as well."""
    await visitor.switch(requests_per_minute=1)
    await visitor.control("DELETE", "/requests")
    for _ in range(2):
        await visitor.http.get(USERS, headers=visitor.headers)
    await visitor.switch(requests_per_minute=0)
    await visitor.fault("expire_tokens")
    for _ in range(2):
        await visitor.http.get(USERS, headers=visitor.headers)
    record = await visitor.control("GET", "/requests")
    assert [entry["status"] for entry in record["recent"]] == [200, 429, 401, 401]


async def test_putting_switches_sets_the_others_back(visitor: Visitor) -> None:
    """PATCH sets some, PUT all."""
    await visitor.switch(read_only=True)
    await visitor.switch(token_life=5)
    assert (await visitor.control("GET", ""))["switches"]["read_only"] is True
    switched = await visitor.control("PUT", "/switches", {"token_life": 9})
    assert (switched["read_only"], switched["token_life"]) == (False, 9)


def test_the_program_says_what_is_wrong_with_its_settings() -> None:
    """One line that names the thing, and no stack trace."""
    environment = {**os.environ, "SOPHOS_SIMULATOR_CONTROL_TOKEN": "short"}
    command = [sys.executable, "-m", "sophos_central_simulator", "--port", "0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "SOPHOS_SIMULATOR_CONTROL_TOKEN" in done.stderr
    assert "short" not in done.stderr.replace("too short", "")
    assert "Traceback" not in done.stderr
