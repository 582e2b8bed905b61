"""Changing the configuration of a launched integration, through the gateway: seen first, and quiet afterwards."""

import asyncio
from typing import Any

import pytest

from tests.support.whole import USERS, Here

FIRST = 3


@pytest.fixture
async def here(here: Here) -> Here:
    """Give the integration once it has read its whole directory."""
    assert (await here.run())["state"] == "completed"
    return here


async def workflow(here: Here, name: str, trigger: str, rule: Any) -> str:
    """Activate a workflow that only begins and ends."""
    begin = {"id": "begin", "type": "begin", "settings": {"trigger": trigger, "rule": rule}}
    definition = {"blocks": [begin, {"id": "end", "type": "end"}], "connections": [{"source": "begin", "target": "end"}]}
    made = await here.ask("POST", "/workflows", {"name": name, "object_type": "person", "definition": definition})
    await here.ask("POST", f"/workflows/{made['id']}/activate")
    return str(made["id"])


async def started(here: Here, workflow_id: str) -> int:
    """Return for how many records a workflow has run."""
    return len((await here.ask("GET", f"/workflows/{workflow_id}/runs", limit=200))["items"])


async def test_a_mapping_is_looked_at_saved_and_quiet(here: Here) -> None:
    """Refused unseen, saved when seen; a run changes everybody and starts nobody, but for whom the source changed."""
    guests = {"field": "role", "operator": "equals", "value": "Guest"}
    onboard = await workflow(here, "Onboard", "record_changed", guests)
    manual = await workflow(here, "By hand", "manual", guests)
    path = f"/integrations/{here.integration_id}/mapping"
    mapping = await here.ask("GET", path)
    targets = {**mapping["targets"], "role": {"kind": "constant", "value": "Guest"}}
    proposed = {"targets": targets, "sync_keys": mapping["sync_keys"]}
    refused = await here.ask("PUT", path, proposed, expect=409)
    assert (refused["code"], refused["forecast"]["actions"]) == ("forecast_needed", {"update": USERS})
    said = await here.ask("POST", f"{path}/forecasts", {"mapping": proposed}, expect=201)
    assert (said["state"], said["actions"], said["starts"]) == ("done", {"update": USERS}, 0)
    assert [(one["name"], one["starts"], one["newly_matching"]) for one in said["workflows"]] == [
        ("By hand", 0, USERS),
        ("Onboard", 0, USERS),
    ]
    assert any("Sweeps by hand are not quiet" in note for note in said["notes"])
    assert await here.ask("GET", f"{path}/forecasts/{said['id']}") == said
    assert (await here.ask("PUT", path, {**proposed, "forecast": said["id"]}))["version"] == mapping["version"] + 1
    await asyncio.sleep(0.2)
    assert await started(here, onboard) == 0, "saving starts nothing"
    run = await here.run()
    assert run["state"] == "waiting_for_approval", "the guard against rewriting everybody is asked as always"
    await here.decided(run["id"], "approve", "completed")
    by_names = {key: {"kind": "source", "path": ["name"]} if key == "role" else value for key, value in targets.items()}
    by_name = {"targets": by_names, "sync_keys": mapping["sync_keys"]}
    for number in range(FIRST):
        here.tenant.directory.update(here.ids[number], {"name": "Guest"})
    await here.run()
    said = (await here.ask("PUT", path, by_name, expect=409))["forecast"]
    await here.ask("PUT", path, {**by_name, "forecast": said["id"]})
    here.tenant.directory.update(here.ids[FIRST], {"name": "Guest"})
    run = await here.run()
    await here.decided(run["id"], "approve", "completed")
    async with asyncio.timeout(20):
        while await started(here, onboard) < 1:  # noqa: ASYNC110 - a workflow tells nobody outside
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    assert await started(here, onboard) == 1, "the one who was renamed at the source, and none of those whom the mapping changed"
    assert (await here.ask("POST", f"/workflows/{manual}/sweeps", {}))["matched"] == FIRST + 1


async def test_a_preference_is_looked_at_too(here: Here) -> None:
    """It decides what becomes of records as the mapping does; what changes none is saved as always."""
    path = f"/integrations/{here.integration_id}"
    await here.ask("PATCH", path, {"preference": "update_only"})
    here.tenant.directory.create({"name": "New", "email": "new@example.com"}, [])
    assert (await here.run())["counts"]["skipped"] == 1
    await here.ask("PATCH", path, {"name": "Sophos, renamed"})
    refused = await here.ask("PATCH", path, {"preference": "create_and_update"}, expect=409)
    assert (refused["code"], refused["forecast"]["actions"]) == ("forecast_needed", {"create": 1, "unchanged": USERS})
    assert (await here.ask("GET", path))["preference"] == "update_only"
    await here.ask("PATCH", path, {"preference": "create_and_update", "forecast": refused["forecast"]["id"]})
    assert (await here.run())["counts"]["added"] == 1
