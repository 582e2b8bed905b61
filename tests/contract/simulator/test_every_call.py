"""What holds for every call of a tenant: who may, how errors look, limits."""

import asyncio
import gzip
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from tests.contract.simulator.visitor import (
    ALERTS,
    ENDPOINTS,
    GROUPS,
    NOBODY,
    SIEM_ALERTS,
    SIEM_EVENTS,
    USERS,
    Visitor,
    control,
    refusal,
    visiting,
)

LISTS = [USERS, GROUPS, ENDPOINTS, ALERTS, SIEM_EVENTS, SIEM_ALERTS, "/common/v1/admins", "/common/v1/roles"]


@pytest.mark.parametrize("bearer", [None, "Bearer", "Bearer made.up.token", "Basic dXNlcjpwYXNz", "Bearer eyJ.eyJ0ZW5hbnQiOjF9.x"])
@pytest.mark.parametrize("path", ["/whoami/v1", f"{ALERTS}/{NOBODY}", *LISTS])
async def test_without_a_good_token_it_is_401(visitor: Visitor, bearer: str | None, path: str) -> None:
    """Missing, empty, made up, of another scheme."""
    headers = {"X-Tenant-ID": visitor.tenant["tenant_id"]} | ({} if bearer is None else {"Authorization": bearer})
    refusal(await visitor.http.get(path, headers=headers), 401)


@pytest.mark.parametrize("status", [401, 400, 403])
@pytest.mark.parametrize("path", LISTS)
async def test_without_a_tenant_header_it_is_401(visitor: Visitor, status: int, path: str) -> None:
    """As Sophos says; others say 400 or 403, so it is a switch."""
    await visitor.switch(missing_tenant_header=status)
    refusal(await visitor.http.get(path, headers={"Authorization": visitor.headers["Authorization"]}), status)


@pytest.mark.parametrize("path", LISTS)
async def test_a_foreign_tenant_is_forbidden(visitor: Visitor, http: httpx.AsyncClient, path: str) -> None:
    """A token opens one tenant only, whether the other one exists or not."""
    other = await visiting(http)
    for foreign in (other.tenant["tenant_id"], NOBODY):
        body = refusal(await http.get(path, headers={**visitor.headers, "X-Tenant-ID": foreign}), 403)
        assert body["error"] == "forbidden"


@pytest.mark.parametrize("path", LISTS)
async def test_limits_and_faults_meet_every_list(visitor: Visitor, path: str) -> None:
    """And each request is on record."""
    await visitor.control("POST", "/faults", {"kind": "error", "status": 503, "path": path})
    refusal(await visitor.http.get(path, headers=visitor.headers), 503)
    await visitor.ask("GET", path)
    await visitor.switch(requests_per_minute=1)
    refusal([await visitor.http.get(path, headers=visitor.headers) for _ in range(2)][-1], 429)
    assert (await visitor.control("GET", "/requests"))["counts"] == {f"GET {path}": 4}


@pytest.mark.parametrize("name", ["X-Tenant-ID", "X-Tenant-Id", "x-tenant-id"])
async def test_header_names_and_ids_come_in_any_case(visitor: Visitor, name: str) -> None:
    """Clients write them differently."""
    headers = {"authorization": f"bearer {visitor.token}", name: visitor.tenant["tenant_id"].upper()}
    assert (await visitor.http.get(USERS, headers=headers)).status_code == 200


async def test_what_sloppy_clients_send_is_tolerated(visitor: Visitor) -> None:
    """Unknown and doubled parameters, Python's True, and a double slash from a careless join."""
    url = f"/{USERS}?surprise=1&pageTotal=True&pageTotal=True&page=1&page=1"
    answer = await visitor.http.get(str(visitor.http.base_url).rstrip("/") + url, headers=visitor.headers)
    assert answer.status_code == 200
    assert answer.json()["pages"]["items"] == 120


async def test_error_ids_differ_from_call_to_call(visitor: Visitor) -> None:
    """They are what one tells the vendor's support."""
    told = [refusal(await visitor.http.get(f"{USERS}/{NOBODY}", headers=visitor.headers), 404) for _ in range(2)]
    assert len({body[name] for body in told for name in ("correlationId", "requestId")}) == 4
    assert told[0]["message"] == "User not found"
    assert told[0]["createdAt"].endswith("Z")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/partner/v1/billing/usage", 404),
        ("GET", "/endpoint/v1/migrations", 404),
        ("GET", "/common/v1/directory/users/", 404),
        ("GET", "/docs", 404),
        ("PUT", USERS, 405),
        ("GET", "/api/v2/oauth2/token", 405),
    ],
)
async def test_what_is_not_simulated_answers_with_an_error_object(visitor: Visitor, method: str, path: str, status: int) -> None:
    """Nothing is half there."""
    refusal(await visitor.http.request(method, path, headers=visitor.headers), status)


async def test_an_over_long_uri_and_body_are_refused(visitor: Visitor) -> None:
    """The service takes URIs up to 7 KB."""
    refusal(await visitor.http.get(USERS, params={"search": "x" * 7200}, headers=visitor.headers), 414)
    refusal(await visitor.http.post(USERS, content=b"x" * 1_100_000, headers=visitor.headers), 413)


async def test_answers_carry_the_time_and_their_type(visitor: Visitor) -> None:
    """The Date header is how a client learns the server's clock."""
    answer = await visitor.http.get(USERS, headers=visitor.headers)
    assert answer.headers["content-type"] == "application/json"
    assert any(not name["name"].isascii() for name in answer.json()["items"])
    assert b"\\u" not in answer.content, "UTF-8, not escapes"


@pytest.mark.parametrize("path", [USERS, f"{USERS}/{NOBODY}", SIEM_EVENTS, "/_control/health", "/nowhere"])
async def test_answers_are_dated_by_the_simulators_clock(visitor: Visitor, path: str) -> None:
    """Also refusals, once each, and the page of a proxy: a client reckons with it what it has still to read."""
    await control(visitor.http, "POST", "/clock", {"advance": 100})
    now = datetime.fromisoformat((await control(visitor.http, "GET", "/clock"))["now"])
    await visitor.control("POST", "/faults", {"kind": "not_json", "path": path, "skip": 1})
    for _ in range(2):
        answer = await visitor.http.get(path, headers=visitor.headers)
        (told,) = answer.headers.get_list("date")
        assert -1 <= (parsedate_to_datetime(told) - now).total_seconds() < 5
        if answer.status_code == 404:
            assert 0 <= (datetime.fromisoformat(answer.json()["createdAt"]) - now).total_seconds() < 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 414, 429, 500, 502, 503])
async def test_every_refusal_has_one_shape(visitor: Visitor, status: int) -> None:
    """What a client can rely on, whatever went wrong; written as Sophos writes it, with four spaces."""
    user = await visitor.one("activeDirectory")
    asked: dict[int, tuple[str, str, dict[str, Any]]] = {
        400: ("GET", f"{USERS}/somebody", {}),
        401: ("GET", USERS, {"headers": {}}),
        403: ("GET", USERS, {"headers": {**visitor.headers, "X-Tenant-ID": NOBODY}}),
        404: ("GET", f"{USERS}/{NOBODY}", {}),
        405: ("PUT", USERS, {}),
        409: ("DELETE", f"{USERS}/{user['id']}", {}),
        413: ("POST", USERS, {"content": b"x" * 1_100_000}),
        414: ("GET", USERS, {"params": {"search": "x" * 7200}}),
    }
    method, path, given = asked.get(status, ("GET", USERS, {}))
    if status == 429:
        await visitor.fault("throttle", count=2)
    elif status >= 500:
        await visitor.fault("error", status=status, count=2)
    answers = [await visitor.http.request(method, path, **{"headers": visitor.headers, **given}) for _ in range(2)]
    one, two = [refusal(answer, status) for answer in answers]
    assert list(one) == [name for name in ("error", "correlationId", "requestId", "createdAt", "message") if name in one]
    assert ("message" in one) is ("createdAt" in one) is (status != 401)
    assert len({body[name] for body in (one, two) for name in ("correlationId", "requestId")}) == 4
    assert answers[0].text.startswith('{\n    "error"')


@pytest.mark.parametrize("told", [True, False])
async def test_over_the_limit_it_is_429_and_later_calls_pass_again(visitor: Visitor, *, told: bool) -> None:
    """Not every route says how long to wait."""
    await visitor.switch(requests_per_minute=3, rate_window=0.3, retry_after=told)
    answers = [await visitor.http.get("/whoami/v1", headers=visitor.headers) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    refusal(answers[-1], 429)
    assert ("retry-after" in answers[-1].headers) is told
    await asyncio.sleep(0.3)
    assert (await visitor.http.get("/whoami/v1", headers=visitor.headers)).status_code == 200


async def test_a_burst_may_exceed_the_limit_once(visitor: Visitor) -> None:
    """100 a minute with bursts to 300, in small."""
    await visitor.switch(requests_per_minute=2, burst=3, rate_window=0.3)
    answers = [(await visitor.http.get("/whoami/v1", headers=visitor.headers)).status_code for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2
    await asyncio.sleep(0.31)
    answers = [(await visitor.http.get("/whoami/v1", headers=visitor.headers)).status_code for _ in range(6)]
    assert answers[:2] == [200] * 2
    assert answers[-1] == 429


async def test_no_body_makes_the_simulator_fail(visitor: Visitor) -> None:
    """Whatever is sent, the answer is an error object."""
    for body in (b"", b"[]", b"{", b'"text"', b"\xff", gzip.compress(b"{}"), b"[" * 5000):
        refusal(await visitor.http.post(USERS, content=body, headers=visitor.headers), 400)
