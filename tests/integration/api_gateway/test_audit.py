"""The audit: who tried to change what, and what came of it."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from api_gateway.clients.connector import ConnectorClient
from shared.http.paging import encode_cursor
from tests.integration.api_gateway.test_forwarding import INTEGRATION
from tests.support.api_gateway import ANY_ID, Gateway


async def entries(here: Gateway, **query: Any) -> list[dict[str, Any]]:
    """Return the audit's newest entries."""
    response = await here.call("GET", "/audit", params=query)
    found: list[dict[str, Any]] = response.json()["items"]
    return found


async def test_what_succeeds_fails_and_is_refused_is_written_down(here: Gateway) -> None:
    """An audit that shows only successes hides whoever tries doors."""
    viewer = await here.token_for("viewer", "Vic")
    here.connector.answer("POST /internal/integrations", INTEGRATION, 201)
    body = {"provider": "sophos-users", "name": "A name that is nobody's business"}
    await here.call("POST", "/integrations", body, headers={"X-Request-ID": ANY_ID})
    await here.call("POST", f"/integrations/{ANY_ID}/launch")
    await here.call("POST", "/integrations", {"provider": 7})
    await here.call("POST", "/integrations", body, token=viewer)
    found = (await entries(here))[:4]
    assert [(entry["account"], entry["method"], entry["route"], entry["status"]) for entry in found] == [
        ("Vic", "POST", "/api/v1/integrations", 403),
        ("admin", "POST", "/api/v1/integrations", 422),
        ("admin", "POST", "/api/v1/integrations/{integration_id}/launch", 404),
        ("admin", "POST", "/api/v1/integrations", 201),
    ]
    assert found[2]["target"] == f"/api/v1/integrations/{ANY_ID}/launch"
    assert found[3]["correlation_id"] == ANY_ID
    assert all(entry["at"] and entry["token_id"] for entry in found)
    assert "business" not in str(found)


async def test_a_call_that_a_service_answered_oddly_is_written_down_too(here: Gateway) -> None:
    """It may have changed something; the audit and the error must not repeat what the service said."""
    here.connector.answer("POST /internal/integrations", {"not": "an integration", "name": ["s3cret"]}, 201)
    refused = await here.call("POST", "/integrations", {"provider": "sophos-users", "name": "x"})
    assert (refused.status_code, refused.json()["code"]) == (502, "answer_not_understood")
    assert "s3cret" not in refused.text
    assert (await entries(here))[0]["status"] == 502


async def test_a_crash_is_written_down_too(here: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that crashed may have changed something; all that tells of it joins by one id."""

    async def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("s3cret")

    monkeypatch.setattr(ConnectorClient, "add_integration", crash)
    crashed = await here.call("POST", "/integrations", {"provider": "sophos-users", "name": "x"}, headers={"X-Request-ID": ANY_ID})
    assert (crashed.status_code, crashed.json()["correlation_id"]) == (500, ANY_ID)
    assert "s3cret" not in crashed.text
    (entry, *_) = await entries(here)
    assert (entry["status"], entry["correlation_id"]) == (500, ANY_ID)


async def test_reads_and_strangers_leave_no_entry(here: Gateway) -> None:
    """Reads change nothing; and nobody without a token may fill the table."""
    await here.call("GET", "/people")
    await here.http.post("/api/v1/integrations", json={})
    await here.http.post("/api/v1/integrations", json={}, headers={"Authorization": "Bearer rc_x_y"})
    assert await entries(here) == []


async def test_the_audit_is_paged_newest_first(here: Gateway) -> None:
    """Years of entries must not come at once."""
    for _ in range(5):
        await here.call("POST", f"/integrations/{ANY_ID}/pause")
    first = (await here.call("GET", "/audit", params={"limit": 3, "count": True})).json()
    second = (await here.call("GET", "/audit", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    positions = [entry["position"] for entry in first["items"] + second["items"]]
    assert positions == sorted(positions, reverse=True)
    assert (len(positions), first["total"], second["next_cursor"]) == (5, 5, None)
    for values in ([2**63], [1.5], ["1"], [None]):
        refused = await here.call("GET", "/audit", params={"cursor": encode_cursor(values)})
        assert (refused.status_code, refused.json()["code"]) == (422, "bad_cursor"), values


async def test_accounts_and_tokens_are_paged(here: Gateway) -> None:
    """A cursor goes on where the page before ended; one from another list is refused."""
    for name in ("Cleo", "ada", "Bob"):
        assert (await here.call("POST", "/accounts", {"name": name, "kind": "person", "role": "viewer"})).status_code == 201
    first = (await here.call("GET", "/accounts", params={"limit": 2, "count": True})).json()
    second = (await here.call("GET", "/accounts", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [account["name"] for account in first["items"] + second["items"]] == ["ada", "admin", "Bob", "Cleo"]
    assert (first["total"], second["next_cursor"]) == (4, None)
    path = f"/accounts/{first['items'][0]['id']}/tokens"
    made = [(await here.call("POST", path, {"name": f"token {number}"})).json()["id"] for number in range(3)]
    page = (await here.call("GET", path, params={"limit": 2})).json()
    rest = (await here.call("GET", path, params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert [token["id"] for token in page["items"] + rest["items"]] == made[::-1]
    assert "token" not in page["items"][0]
    for cursor in (first["next_cursor"], "!!", "e30", encode_cursor([1]), encode_cursor(["no id"])):
        refused = await here.call("GET", path, params={"cursor": cursor})
        assert (refused.status_code, refused.json()["code"]) == (422, "bad_cursor")


async def test_two_accounts_never_pass_for_each_other(here: Gateway) -> None:
    """Names stand in histories: `Admin` beside `admin`, or `system`, would mislead."""
    for name in ("Admin", "ADMIN", " admin ", "system", "Mapper", "workflow-engine"):
        refused = await here.call("POST", "/accounts", {"name": name, "kind": "person", "role": "viewer"})
        assert (refused.status_code, refused.json()["code"]) == (409, "name_taken")
    for name in ("", "a\u0000b", "a\nb"):
        assert (await here.call("POST", "/accounts", {"name": name, "kind": "person", "role": "viewer"})).status_code == 422


async def test_what_was_done_again_after_a_deadlock_is_written_down_once(here: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller sees one success, and so must whoever reads the audit."""
    here.connector.answer("POST /internal/integrations", INTEGRATION, 201)
    before = len(await entries(here))
    ask, broken = ConnectorClient.ask, [Deadlock()]

    async def asking(self: ConnectorClient, *args: Any, **more: Any) -> Any:
        if broken:
            raise DBAPIError("UPDATE", None, broken.pop())
        return await ask(self, *args, **more)

    monkeypatch.setattr(ConnectorClient, "ask", asking)
    done = await here.call("POST", "/integrations", {"provider": "sophos-users", "name": "x"})
    assert done.status_code == 201
    found = await entries(here)
    assert (len(found) - before, found[0]["status"]) == (1, 201)


class Deadlock(Exception):
    """What the driver says of a transaction that PostgreSQL broke."""

    sqlstate = "40P01"
