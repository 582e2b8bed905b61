"""From a real response to a launch: reviewed, mapped, pinned, checked, and refused where it cannot work."""

import asyncio
from typing import Any

from sophos_central_simulator.faults import Fault
from tests.support.places import on_each_database
from tests.support.whole import USERS, Here

ROLE = {"kind": "constant", "value": "Employee"}


pytestmark = on_each_database


def mapped(**changes: Any) -> dict[str, Any]:
    """Return a mapping of the simulator's users."""
    email = {"kind": "source", "path": "email"}
    name = {"kind": "source", "path": "{{response.name}}", "steps": [{"op": "trim"}]}
    return {"targets": {"username": email, "email": email, "full_name": name, "role": ROLE, **changes}, "sync_keys": ["email"]}


async def test_a_response_is_reviewed_and_a_custom_field_of_it_is_suggested(here: Here) -> None:
    """What Sophos really answers, with samples beside each path; a custom API field is one to choose from."""
    path = f"/integrations/{here.integration_id}/mapping"
    reviewed = await here.ask("POST", f"{path}/review")
    places = {one["typed"]: one for one in reviewed["fields"]}
    assert reviewed["records"] == 10
    assert set(places["email"]["targets"]) == {"username", "email"}
    assert places["source.type"]["samples"]
    assert (places["createdAt"]["types"], places["createdAt"]["custom"]) == (["datetime"], False)
    await here.ask("PUT", path, {**mapped(), "api_fields": [{"label": "Surname", "path": "{{response.lastName}}"}]})
    suggested = {one["target"]: one["source"] for one in (await here.ask("POST", f"{path}/suggestions"))["suggestions"]}
    assert suggested["last_name"]["path"] == ["lastName"]
    again = {one["typed"]: one for one in (await here.ask("POST", f"{path}/review"))["fields"]}
    assert (again["lastName"]["label"], again["lastName"]["custom"]) == ("Surname", True)


async def test_a_pinned_record_keeps_a_version_out_through_the_public_api(here: Here) -> None:
    """The difference reaches whoever stores it; rolling back is a new version."""
    path = f"/integrations/{here.integration_id}/mapping"
    record = next(user for user in here.tenant.directory.users.values() if user["name"] != user["name"].upper())
    pinned = await here.ask("POST", f"{path}/samples", {"name": "first", "record": record})
    loud = {"kind": "expression", "expression": "record.name.upper()"}
    refused = await here.ask("PUT", path, mapped(full_name=loud), expect=409)
    assert refused["code"] == "pinned_sample_broken"
    assert refused["samples"][0]["differences"][0]["actual"] == record["name"].upper()
    await here.ask("DELETE", f"{path}/samples/{pinned['id']}")
    await here.ask("PUT", path, {**mapped(full_name=loud), "note": "louder", "based_on": 1})
    run = await here.run()
    assert (run["state"], run["counts"]["added"]) == ("completed", USERS)
    assert all(name == name.upper() for name in (await here.people()).values())
    refused = await here.ask("POST", f"{path}/versions/1/restore", {"note": "too loud"}, expect=409)
    assert (refused["code"], set(refused["forecast"]["actions"])) == ("forecast_needed", {"update", "unchanged"})
    restored = await here.ask("POST", f"{path}/versions/1/restore", {"note": "too loud", "forecast": refused["forecast"]["id"]})
    assert (restored["version"], restored["restored_from"]) == (3, 1)
    notes = [(one["version"], one["note"]) for one in (await here.ask("GET", f"{path}/versions"))["items"]]
    assert notes == [(3, "too loud"), (2, "louder"), (1, None)]


async def test_a_draft_is_checked_over_a_page_and_over_the_source_before_it_is_launched(here: Here) -> None:
    """A mapping that can let nobody in is refused; a plan of the draft counts all of it; then it is launched."""
    copied = await here.ask("POST", f"/integrations/{here.integration_id}/copy", {"name": "Second"})
    path = f"/integrations/{copied['id']}"
    nothing = {"kind": "source", "path": "nothing"}
    await here.ask("PUT", f"{path}/mapping", mapped(email={"kind": "source", "path": "e-mail"}, last_name=nothing))
    refused = await here.ask("POST", f"{path}/launch", expect=409)
    assert (refused["code"], refused["fields"][0]["code"]) == ("launch_refused", "missing_value")
    assert len(refused["fields"][0]["source_ids"]) == 5
    await here.ask("PUT", f"{path}/mapping", mapped(last_name=nothing))
    page = await here.ask("POST", f"{path}/check")
    assert (page["scope"], page["launchable"], page["actions"]) == ("page", True, {"create": page["records"]})
    assert [one["code"] for one in page["findings"]] == ["never_filled"]
    planned = await here.settled((await here.ask("POST", f"{path}/runs", {"mode": "plan"}))["id"])
    assert planned["state"] == "completed"
    whole = await here.ask("GET", f"/runs/{planned['id']}/plan/check")
    assert (whole["scope"], whole["records"], whole["actions"]) == ("source", USERS, {"create": USERS})
    assert await here.people() == {}
    launched = await here.ask("POST", f"{path}/launch")
    assert (launched["state"], [one["field"] for one in launched["warnings"]]) == ("active", ["targets.last_name"])


async def test_an_integration_that_runs_is_not_left_without_what_every_record_needs(here: Here) -> None:
    """A night later every record would be rejected, and who is gone would be asked for in vain; a draft may lack anything."""
    path = f"/integrations/{here.integration_id}/mapping"
    before = await here.ask("GET", path)
    refused = await here.ask("PUT", path, {"targets": {"full_name": {"kind": "source", "path": "name"}}, "sync_keys": []}, expect=409)
    assert refused["code"] == "mapping_incomplete"
    assert {gap["field"] for gap in refused["fields"]} == {"mapping.username", "mapping.email", "mapping.role", "mapping.sync_keys"}
    assert await here.ask("GET", path) == before
    copied = await here.ask("POST", f"/integrations/{here.integration_id}/copy", {"name": "A draft"})
    await here.ask("PUT", f"/integrations/{copied['id']}/mapping", {"targets": {}, "sync_keys": []})
    assert (await here.ask("PUT", "/integrations/00000000-0000-4000-8000-000000000000/mapping", mapped(), expect=404))["code"] == (
        "integration_not_found"
    )


async def test_a_run_keeps_the_mapping_that_it_began_with(here: Here) -> None:
    """Half a directory under one mapping and half under another would be nobody's wish."""
    here.tenant.faults.append(Fault(kind="slow", path="/common/v1/directory/users", seconds=4, skip=1, count=2))
    run_id = (await here.ask("POST", f"/integrations/{here.integration_id}/runs"))["id"]
    async with asyncio.timeout(30):
        while not (await here.ask("GET", f"/runs/{run_id}"))["counts"]["added"]:  # noqa: ASYNC110 - a run tells nobody outside
            await asyncio.sleep(0.02)
    await here.map(mapped(full_name={"kind": "expression", "expression": "record.name.upper()"}))
    assert (await here.ask("GET", f"/runs/{run_id}"))["state"] == "running", "the mapping changed in the middle of the run"
    assert (await here.settled(run_id))["counts"]["added"] == USERS
    names = set((await here.people()).values())
    assert names == {user["name"].strip() for user in here.tenant.directory.users.values()}
    again = await here.run()
    assert again["state"] == "waiting_for_approval"
    approved = await here.decided(again["id"], "approve", "completed")
    assert approved["counts"]["updated"] + approved["counts"]["unchanged"] == USERS
    assert {name.upper() for name in names} == set((await here.people()).values())
