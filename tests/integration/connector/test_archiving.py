"""Integrations that are put aside, taken up again, copied and deleted."""

import asyncio
from typing import Any

from shared.events import IntegrationDeleted
from tests.support.connector import Api, World, launched, run, told

MAPPING = {
    "targets": {"email": {"kind": "source", "path": ["email"], "steps": [{"op": "trim"}]}},
    "sync_keys": ["email"],
    "filter": {
        "rule": {"not": {"field": "region", "operator": "in", "value": ["eu", "us"]}},
        "source_fields": {"region": {"path": ["org", "region"], "data_type": "text"}},
    },
    "api_fields": [{"label": "Cost centre", "path": ["cost-centre", "code"]}],
}


async def names(api: Api, **params: Any) -> list[str]:
    """Return the names of the integrations that a list shows."""
    return [one["name"] for one in (await api.get("/integrations", **params))["items"]]


async def test_an_archived_integration_neither_runs_nor_changes_until_it_is_restored(here: World) -> None:
    """It is out of the way, and nothing of it is lost."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        path = f"/integrations/{integration_id}"
        ran = await run(api, integration_id)
        archived = await api.post(f"{path}/archive")
        assert (archived["state"], (await api.post(f"{path}/archive"))["state"]) == ("archived", "archived")
        assert (await names(api), await names(api, archived=True)) == ([], [archived["name"]])
        for method, step, body in (
            ("POST", "/launch", None),
            ("POST", "/pause", None),
            ("POST", "/resume", None),
            ("POST", "/runs", None),
            ("POST", "/preview", None),
            ("PATCH", "", {"name": "Another"}),
            ("PUT", "/schedules/full", {"timing": {"type": "daily", "at": "03:00"}}),
        ):
            refused = await api.ask(method, f"{path}{step}", body, expect=409)
            assert refused["code"] in {"integration_state", "integration_not_active"}, step
            assert refused["remedy"].startswith("Restore it first."), step
        assert (await api.get(f"{path}/runs"))["items"][0]["id"] == ran["id"]
        assert [one["kind"] for one in (await api.get(f"{path}/schedules"))["items"]] == ["full"]

        assert (await api.post(f"{path}/restore"))["state"] == "draft"
        assert (await api.post(f"{path}/restore", expect=409))["code"] == "integration_state"
        assert (await api.post(f"{path}/launch"))["state"] == "active"
        again = await run(api, integration_id)

    assert (again["state"], again["counts"]["unchanged"]) == ("completed", ran["fetched"])


async def test_an_integration_that_runs_is_neither_archived_nor_deleted(here: World) -> None:
    """Its run would lose its books; who asks is told which run it is."""
    async with here.connector(worker_poll=60) as api:
        path = f"/integrations/{await launched(api, here)}"
        here.mapper.hold = asyncio.Event()
        queued = await api.post(f"{path}/runs", expect=202)
        for refused in (await api.post(f"{path}/archive", expect=409), await api.ask("DELETE", path, expect=409)):
            assert (refused["code"], refused["run_id"]) == ("run_in_progress", queued["id"])
            assert "cancel" in refused["remedy"]
        here.mapper.hold.set()


async def test_only_what_was_put_aside_is_deleted_and_others_are_told(here: World) -> None:
    """A wrong delete would take runs and proofs with it; what it made of people is the mapper's, and stays."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        path = f"/integrations/{integration_id}"
        ran = await run(api, integration_id)
        assert (await api.ask("DELETE", path, expect=409))["remedy"] == "Archive it first."
        await api.post(f"{path}/archive")
        await api.post(f"{path}/restore")
        assert (await api.ask("DELETE", path, expect=409))["remedy"] == "Archive it first."
        await api.post(f"{path}/archive")
        await api.ask("DELETE", path, expect=204)
        for gone in (path, f"{path}/runs", f"{path}/schedules", f"/runs/{ran['id']}", f"/runs/{ran['id']}/pages", f"/runs/{ran['id']}/log"):
            assert (await api.ask("GET", gone, expect=404))["code"] in {"integration_not_found", "run_not_found"}, gone
        await api.ask("DELETE", path, expect=404)
        event = await told(here.mapper, IntegrationDeleted)
        assert (str(event.integration_id), event.deleted_by) == (integration_id, "ann@example.com")
        (credential,) = (await api.get("/credentials"))["items"]
        await api.ask("DELETE", f"/credentials/{credential['id']}", expect=204)
        for variable in (await api.get("/variables"))["items"]:
            await api.ask("DELETE", f"/variables/{variable['id']}", expect=204)
        draft = await api.post("/integrations", {"provider": "sophos-users", "name": "Never ran"}, expect=201)
        await api.ask("DELETE", f"/integrations/{draft['id']}", expect=204)


async def test_a_copy_is_a_draft_with_everything_but_the_past(here: World) -> None:
    """It can be launched as it is; the original does not notice."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        here.mapper.mappings[integration_id] = MAPPING
        await api.ask("PUT", f"/integrations/{integration_id}/schedules/quick", {"timing": {"type": "interval", "minutes": 30}})
        await run(api, integration_id)
        await api.post(f"/integrations/{integration_id}/copy", {"name": "sophos endpoint SECURITY users"}, expect=409)
        copied = await api.post(f"/integrations/{integration_id}/copy", {"name": "For the branch"}, expect=201)
        original = await api.get(f"/integrations/{integration_id}")
        same = ("provider", "user_selection", "preference", "integration_user", "saas_instance_id", "credential_id", "inputs")
        assert {name: copied[name] for name in same} == {name: original[name] for name in same}
        assert (copied["state"], copied["missing"], original["state"]) == ("draft", [], "active")
        stored = here.mapper.mappings[copied["id"]]
        assert {part: stored[part] for part in MAPPING} == MAPPING
        schedules = (await api.get(f"/integrations/{copied['id']}/schedules"))["items"]
        assert [one["kind"] for one in schedules] == ["full", "quick"]
        assert (await api.get(f"/integrations/{copied['id']}/runs"))["items"] == []
        assert (await api.post(f"/integrations/{copied['id']}/launch"))["state"] == "active"


async def test_a_copy_whose_mapping_cannot_be_stored_is_not_left_behind(here: World) -> None:
    """Half a copy looks like a whole one until somebody launches it."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        here.mapper.mappings[integration_id] = MAPPING
        here.mapper.stores_mappings = False
        refused = await api.post(f"/integrations/{integration_id}/copy", {"name": "For the branch"}, expect=409)
        assert refused["code"] == "mapping_changed"
        assert await names(api) == ["Sophos Endpoint Security users"]
