"""Faults on demand: what a client must survive."""

import time
from typing import Any

import httpx
import pytest

from tests.contract.simulator.visitor import TOKEN, USERS, Visitor, refusal, visiting


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [
        ({"kind": "throttle"}, 429, None),
        ({"kind": "throttle", "retry_after": 7}, 429, "7"),
        ({"kind": "error"}, 500, None),
        ({"kind": "error", "status": 502}, 502, None),
        ({"kind": "error", "status": 503, "retry_after": 1}, 503, "1"),
        ({"kind": "forbidden"}, 403, None),
    ],
)
async def test_a_refusal_on_demand_comes_once(visitor: Visitor, fault: dict[str, Any], status: int, retry_after: str | None) -> None:
    """With an error object, and nothing done; the next call passes."""
    user = await visitor.one()
    await visitor.fault(**fault)
    answer = await visitor.http.delete(f"{USERS}/{user['id']}", headers=visitor.headers)
    refusal(answer, status)
    assert answer.headers.get("retry-after") == retry_after
    assert await visitor.ask("GET", f"{USERS}/{user['id']}") == user


@pytest.mark.parametrize(("kind", "done"), [("cut", False), ("cut_after", True), ("cut_midway", True)])
async def test_a_cut_connection_leaves_the_client_without_an_answer(visitor: Visitor, kind: str, *, done: bool) -> None:
    """Before the work or after it: the client sees the same, and must look."""
    user = await visitor.one()
    await visitor.fault(kind)
    with pytest.raises(httpx.RemoteProtocolError) as cut:
        await visitor.http.delete(f"{USERS}/{user['id']}", headers=visitor.headers)
    assert ("without sending a response" in str(cut.value)) is (kind != "cut_midway")
    looked = await visitor.http.get(f"{USERS}/{user['id']}", headers=visitor.headers)
    assert looked.status_code == (404 if done else 200)


@pytest.mark.parametrize("kind", ["cut", "cut_midway"])
async def test_a_page_can_be_cut_too(visitor: Visitor, kind: str) -> None:
    """A large answer, on a connection that was used before."""
    await visitor.fault(kind, skip=1)
    assert await visitor.users(pageSize=100)
    with pytest.raises(httpx.RemoteProtocolError):
        await visitor.users(pageSize=100)
    assert await visitor.users(pageSize=100)


async def test_an_error_may_come_although_the_work_was_done(visitor: Visitor) -> None:
    """A write that ends in 5xx may have happened."""
    user = await visitor.one()
    await visitor.fault("error", status=502, after=True)
    refusal(await visitor.http.delete(f"{USERS}/{user['id']}", headers=visitor.headers), 502)
    refusal(await visitor.http.get(f"{USERS}/{user['id']}", headers=visitor.headers), 404)


async def test_a_slow_answer_takes_its_time(visitor: Visitor) -> None:
    """A client that gives up must not believe that nothing happened."""
    user = await visitor.one()
    await visitor.fault("slow", seconds=0.2)
    with pytest.raises(httpx.ReadTimeout):
        await visitor.http.delete(f"{USERS}/{user['id']}", headers=visitor.headers, timeout=0.05)
    await visitor.fault("slow", seconds=0.2)
    began = time.monotonic()
    assert (await visitor.http.get(f"{USERS}/{user['id']}", headers=visitor.headers)).status_code == 404
    assert time.monotonic() - began >= 0.2


async def test_a_page_may_not_be_json(visitor: Visitor) -> None:
    """What a proxy or a maintenance page answers: 200, and HTML."""
    await visitor.fault("not_json")
    answer = await visitor.http.get(USERS, headers=visitor.headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


async def test_tokens_may_end_in_the_middle_of_a_run(visitor: Visitor) -> None:
    """All of them, at one request; a new sign-in helps."""
    await visitor.fault("expire_tokens", skip=1)
    assert await visitor.users()
    refusal(await visitor.http.get(USERS, headers=visitor.headers), 401)
    refusal(await visitor.http.get("/whoami/v1", headers=visitor.headers), 401)
    await visitor.sign_in()
    assert await visitor.users()


async def test_a_fault_meets_only_what_it_names(visitor: Visitor) -> None:
    """Method, path prefix, how many pass first, and how many it meets."""
    user = await visitor.one()
    path = f"{USERS}/{user['id']}"
    await visitor.fault("error", method="get", path=path, skip=1, count=2)
    assert (await visitor.http.get(USERS, headers=visitor.headers)).status_code == 200
    assert (await visitor.http.patch(path, json={"name": "X"}, headers=visitor.headers)).status_code == 200
    assert [(await visitor.http.get(path, headers=visitor.headers)).status_code for _ in range(4)] == [200, 500, 500, 200]
    assert (await visitor.control("GET", ""))["faults"] == []


async def test_a_fault_is_of_one_tenant_and_can_be_cleared(visitor: Visitor, http: httpx.AsyncClient) -> None:
    """Tests play side by side."""
    other = await visiting(http)
    await visitor.fault("error", count=100)
    assert await other.users()
    refusal(await http.get(USERS, headers=visitor.headers), 500)
    await visitor.control("DELETE", "/faults")
    assert await visitor.users()


async def test_sign_in_can_fail_too(visitor: Visitor) -> None:
    """Only when the fault names its path: `/` means the API."""
    await visitor.fault("error", path="/", count=1)
    await visitor.sign_in()
    await visitor.control("DELETE", "/faults")
    await visitor.fault("throttle", path=TOKEN, retry_after=1)
    refusal(await visitor.http.post(TOKEN, data=visitor.form), 429)
    await visitor.fault("cut", path=TOKEN)
    with pytest.raises(httpx.RemoteProtocolError):
        await visitor.http.post(TOKEN, data=visitor.form)
    await visitor.sign_in()


async def test_an_unknown_fault_or_field_is_refused(visitor: Visitor) -> None:
    """A typo in a test must not pass for a fault that never came."""
    for body in ({"kind": "gremlins"}, {"kind": "cut", "tims": 3}, {"kind": "cut", "count": 0}):
        await visitor.control("POST", "/faults", body, expect=400)
    await visitor.control("PATCH", "/switches", {"read_onli": True}, expect=400)
    await visitor.control("PATCH", "/switches", {"token_life": "long"}, expect=400)
