"""From a real response to a launch: reviewed, mapped, pinned, checked, and refused where it cannot work."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.whole import USERS, Here, launched_integration

ROLE = {"kind": "constant", "value": "Employee"}


@pytest.fixture
async def here(database_url: SecretStr, tmp_path: Path) -> AsyncIterator[Here]:
    """Give an integration before the real services and the simulator, on each database."""
    async with launched_integration(database_url, tmp_path) as given:
        yield given


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
    restored = await here.ask("POST", f"{path}/versions/1/restore", {"note": "too loud"})
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
