"""The past through the gateway: who may undo, and when, and what is asked on the way."""

from typing import Any

from tests.support.api_gateway import ANY_ID, Gateway

UNDO = f"/runs/{ANY_ID}/undo"
UNDONE = {
    "id": ANY_ID,
    "undoes": ANY_ID,
    "undoes_kind": "run",
    "run_id": ANY_ID,
    "integration_id": ANY_ID,
    "integration_name": "Sophos users",
    "mode": "plan",
    "state": "planned",
    "asked_by": "Olga",
    "asked_at": "2026-01-01T00:00:00Z",
    "actions": {"put_back": 3},
    "outcomes": {},
    "conflicts": 0,
}

PROGRESS = {**dict.fromkeys(("pages", "pages_applied", "records"), 0), **dict.fromkeys(("total", "records_per_second", "seconds_left"))}


def run_that(ended_at: str | None) -> dict[str, Any]:
    """Return a run as the connector answers it."""
    nothing = dict.fromkeys(("started_at", "ended_at"), "2026-01-01T00:00:00Z")
    numbers = dict.fromkeys(("pages", "fetched", "missing", "newly_missing", "requests"), 0)
    names = {"kind": "full", "mode": "apply", "state": "completed", "requested_by": "Olga", "created_at": "2026-01-01T00:00:00Z"}
    ids = {"id": ANY_ID, "integration_id": ANY_ID, "correlation_id": ANY_ID}
    return {**ids, **names, **numbers, **nothing, "counts": {}, "progress": PROGRESS, "ended_at": ended_at}


async def test_an_operator_looks_and_an_admin_undoes(here: Gateway) -> None:
    """Undoing may remove hundreds of records; looking what it would do must not need the right to."""
    here.mapper.answer(f"POST /internal{UNDO}", UNDONE)
    operator = await here.token_for("operator")
    looked = await here.call("POST", UNDO, {"mode": "plan"}, token=operator)
    assert (looked.status_code, looked.json()["actions"]) == (200, {"put_back": 3})
    for path in (UNDO, f"/undos/{ANY_ID}/undo"):
        refused = await here.call("POST", path, {"mode": "apply"}, token=operator)
        assert (refused.status_code, refused.json()["code"], refused.json()["needed_role"]) == (403, "role_needed", "admin")
    assert [asked.body for asked in here.mapper.asked] == [{"mode": "plan"}]
    assert (await here.call("POST", UNDO, {"mode": "apply"})).status_code == 200
    assert (await here.call("POST", UNDO, {}, token=await here.token_for("viewer"))).status_code == 403


async def test_a_run_that_is_at_work_is_not_undone(here: Gateway) -> None:
    """Its further pages would be written behind the undo."""
    here.mapper.answer(f"POST /internal{UNDO}", UNDONE)
    here.connector.answer(f"GET /internal/runs/{ANY_ID}", run_that(None))
    refused = await here.call("POST", UNDO, {"mode": "apply"})
    assert (refused.status_code, refused.json()["code"]) == (409, "run_not_ended")
    assert here.mapper.asked == []
    here.connector.answer(f"GET /internal/runs/{ANY_ID}", run_that("2026-01-01T00:00:00Z"))
    assert (await here.call("POST", UNDO, {"mode": "apply"})).status_code == 200


async def test_moments_keep_their_zone_on_the_way(here: Gateway) -> None:
    """An hour lost between two services would show another state."""
    here.mapper.answer(f"GET /internal/people/{ANY_ID}/diff", {})
    await here.call("GET", f"/people/{ANY_ID}/diff?from=2026-01-01T01:00:00%2B01:00")
    assert here.mapper.asked[-1].query == {"from": "2026-01-01T00:00:00+00:00"}
    here.mapper.answer(f"GET /internal/people/{ANY_ID}", {})
    await here.call("GET", f"/people/{ANY_ID}?as_of=2026-01-01T01:00:00Z")
    assert here.mapper.asked[-1].query == {"as_of": "2026-01-01T01:00:00+00:00"}
    naive = await here.call("GET", f"/people/{ANY_ID}?as_of=2026-01-01T01:00:00")
    assert (naive.status_code, naive.json()["fields"][0]["field"]) == (422, "as_of")


async def test_why_not_of_an_integration_that_is_not_there_is_refused(here: Gateway) -> None:
    """A typing error in its id must not read as if the source had nobody of that name."""
    asked = f"/integrations/{ANY_ID}/why-not?source_id=u1"
    told = {"integration_id": ANY_ID, "source_id": "u1", "says": "it was not seen", "remedy": "Run the integration."}
    here.mapper.answer(f"GET /internal/integrations/{ANY_ID}/why-not", {**told, "state": "unknown"})
    refused = await here.call("GET", asked)
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    here.mapper.answer(f"GET /internal/integrations/{ANY_ID}/why-not", {**told, "state": "rejected"})
    assert (await here.call("GET", asked)).json()["state"] == "rejected"
