"""A look at an integration's records before anything runs: nothing is stored, and what is missing is said as data."""

from tests.support.connector import INPUTS, Api, World, store_access


async def drafted(api: Api, here: World, provider: str) -> str:
    """Store a draft with everything that speaking to the source needs; return its path."""
    credential = {"name": "Sophos for it", "client_id": here.tenant.client_id, "client_secret": here.tenant.client_secret}
    await store_access(api, here.tenant, here.simulator.url)
    stored = await api.post("/credentials", {**credential, "provider": provider})
    integration = await api.post("/integrations", {"provider": provider, "name": "Looked at"})
    path = f"/integrations/{integration['id']}"
    await api.ask("PATCH", path, {"credential_id": stored["id"], "inputs": INPUTS})
    return path


async def test_the_first_records_are_shown_as_sophos_gives_them(here: World) -> None:
    """Ten are enough to see what there is to map; the mapper hears nothing, and no run appears."""
    async with here.connector() as api:
        path = await drafted(api, here, "sophos-users")
        shown = await api.post(f"{path}/preview")
        runs = await api.get(f"{path}/runs")

    assert len(shown["records"]) == 10
    assert all(one["record"] == here.source(one["source_id"]) for one in shown["records"])
    assert shown["requests"] == 3, "sign-in, whoami, one page"
    assert (runs["items"], here.mapper.heard) == ([], [])


async def test_as_many_records_are_shown_as_are_asked_for(here: World) -> None:
    """Ten show what there is; whether a field is ever empty takes more. A whole directory is never shown."""
    async with here.connector() as api:
        path = await drafted(api, here, "sophos-users")
        shown = await api.ask("POST", f"{path}/preview", limit=15)
        await api.ask("POST", f"{path}/preview", expect=422, limit=101)
    assert len(shown["records"]) == 15


async def test_a_preview_without_credential_or_inputs_says_what_is_missing(here: World) -> None:
    """Only what speaking to the source needs: mapping and user selection come later."""
    async with here.connector() as api:
        integration = await api.post("/integrations", {"provider": "sophos-users", "name": "Empty"})
        refused = await api.ask("POST", f"/integrations/{integration['id']}/preview", expect=409)
    assert [gap["field"] for gap in refused["fields"]] == ["credential_id", "inputs.tenant_id", "inputs.data_region"]


async def test_what_the_source_answers_is_passed_on(here: World) -> None:
    """A preview is the first time that many a credential is used."""
    async with here.connector() as api:
        path = await drafted(api, here, "sophos-users")
        here.tenant.switches.client_disabled = True
        refused = await api.ask("POST", f"{path}/preview", expect=502)
    assert refused["code"] == "sophos_client_disabled"


async def test_devices_are_launched_without_saying_what_to_make_of_users(here: World) -> None:
    """There is nothing to choose: a device becomes an asset. In whose name records change must be said all the same."""
    async with here.connector() as api:
        path = await drafted(api, here, "sophos-endpoints")
        missing = (await api.get(path))["missing"]
        await api.ask("PATCH", path, {"integration_user": "sophos-integration"})
        launched = await api.post(f"{path}/launch")

    assert [gap["field"] for gap in missing] == ["integration_user"]
    assert launched["state"] == "active"
    (asked,) = here.mapper.checked
    assert (asked["provenance"]["object_type"], asked["provenance"]["user_selection"]) == ("device", None)
    assert asked["provenance"]["application"] == "Sophos Endpoint Security"


async def test_devices_are_shown_as_sophos_has_them(here: World) -> None:
    """Health, system and person are there before anything can be mapped."""
    async with here.connector() as api:
        shown = await api.post(f"{await drafted(api, here, 'sophos-endpoints')}/preview")
    assert len(shown["records"]) == 10
    for one in shown["records"]:
        assert one["record"] == here.tenant.fleet.get(one["source_id"])
        assert {"health", "os", "isolation", "tamperProtectionEnabled", "tenant"} <= one["record"].keys()


async def test_a_credential_for_devices_is_tested_by_listing_one(here: World) -> None:
    """What a test says is what a preview will show."""
    async with here.connector() as api:
        await drafted(api, here, "sophos-endpoints")
        credentials = (await api.get("/credentials"))["items"]
        (ours,) = [one for one in credentials if one["provider"] == "sophos-endpoints"]
        tested = await api.post(f"/credentials/{ours['id']}/test")
    assert tested["ok"]
    assert [check["name"] for check in tested["checks"]] == ["sign_in", "whoami", "inputs", "list_endpoints"]
