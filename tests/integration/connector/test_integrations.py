"""Integrations, credentials and variables: what is missing is said as data, and what is in use stays."""

from typing import Any

import httpx

from shared.ids import new_id
from tests.support.connector import INPUTS, Api, World, ended, launched, store_access

NAME = "Sophos Endpoint Security users"


async def draft(api: Api, name: str = NAME) -> dict[str, Any]:
    """Store a draft."""
    made: dict[str, Any] = await api.post("/integrations", {"provider": "sophos-users", "name": name}, expect=201)
    return made


def fields(problem: dict[str, Any], key: str) -> list[str]:
    """Return the fields that an answer names."""
    return sorted(one["field"] for one in problem[key])


async def test_a_draft_says_everything_that_it_lacks(here: World) -> None:
    """The launch is refused with the same list."""
    here.mapper.gaps = [{"field": "sync_keys", "message": "no sync key", "remedy": "Choose one."}]
    async with here.connector() as api:
        made = await draft(api)
        refused = await api.post(f"/integrations/{made['id']}/launch", expect=409)
        not_run = await api.post(f"/integrations/{made['id']}/runs", expect=409)

    lacking = ["credential_id", "inputs.data_region", "inputs.tenant_id", "integration_user", "sync_keys", "user_selection"]
    assert made["state"] == "draft"
    assert fields(made, "missing") == lacking
    assert refused["code"] == "integration_incomplete"
    assert fields(refused, "fields") == lacking
    assert all(one["remedy"] for one in refused["fields"])
    assert not_run["code"] == "integration_not_active"


async def test_the_saas_instance_is_found_by_itself(here: World) -> None:
    """Choosing User plus SaaS User is enough while there is only one instance."""
    async with here.connector() as api:
        made = await draft(api)
        changed = await api.ask("PATCH", f"/integrations/{made['id']}", {"user_selection": "user_plus_saas_user"})

    assert changed["saas_instance_id"] == str(here.mapper.instance_id)


async def test_among_several_saas_instances_somebody_must_choose(here: World) -> None:
    """We do not guess; the gap says so."""
    here.mapper.instances = 2
    async with here.connector() as api:
        made = await draft(api)
        changed = await api.ask("PATCH", f"/integrations/{made['id']}", {"user_selection": "user_plus_saas_user"})

    assert changed["saas_instance_id"] is None
    assert "saas_instance_id" in fields(changed, "missing")


async def test_a_mapper_that_does_not_answer_is_a_gap_not_a_crash(here: World) -> None:
    """The integration can still be looked at, and cannot be launched."""
    here.mapper.transport = lambda: httpx.MockTransport(lambda _request: httpx.Response(503))  # type: ignore[method-assign]
    async with here.connector() as api:
        made = await draft(api)

    assert "mapping" in fields(made, "missing")


async def test_states_move_only_as_they_may(here: World) -> None:
    """Draft, active, paused and back; a paused one does not run."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        path = f"/integrations/{integration_id}"
        assert (await api.get(path))["missing"] == []
        assert (await api.post(f"{path}/launch"))["state"] == "active"
        assert (await api.post(f"{path}/pause"))["state"] == "paused"
        refused = await api.post(f"{path}/runs", expect=409)
        launch = await api.post(f"{path}/launch", expect=409)
        assert (await api.post(f"{path}/resume"))["state"] == "active"
        not_yet = await api.post(f"/integrations/{(await draft(api, 'Another'))['id']}/pause", expect=409)

    assert refused["code"] == "integration_not_active"
    assert launch["code"] == not_yet["code"] == "integration_state"


async def test_an_active_integration_cannot_lose_what_it_needs(here: World) -> None:
    """The change is refused as a whole."""
    async with here.connector() as api:
        path = f"/integrations/{await launched(api, here)}"
        refused = await api.ask("PATCH", path, {"integration_user": None, "preference": "create_only"}, expect=409)
        after = await api.get(path)

    assert fields(refused, "fields") == ["integration_user"]
    assert (after["integration_user"], after["preference"]) == ("sync@example.com", "create_and_update")


async def test_names_are_unique_whatever_their_case_and_width(here: World) -> None:
    """Two things that look alike would be mistaken for each other."""
    async with here.connector() as api:
        await draft(api)
        other = await draft(api, "Other")
        taken = await api.post("/integrations", {"provider": "sophos-users", "name": " sophos ENDPOINT security \uff55sers "}, expect=409)
        renamed = await api.ask("PATCH", f"/integrations/{other['id']}", {"name": NAME.upper()}, expect=409)
        await api.post("/variables", {"name": "Sophos.Tenant ID", "value": "x"})
        variable = await api.post("/variables", {"name": "sophos.tenant id", "value": "y"}, expect=409)

    assert taken["code"] == renamed["code"] == variable["code"] == "name_taken"
    assert [one["fields"][0]["field"] for one in (taken, renamed, variable)] == ["name"] * 3


async def test_what_a_patch_refers_to_must_exist(here: World) -> None:
    """Each field is named; nothing else of the patch is kept."""
    async with here.connector() as api:
        path = f"/integrations/{(await draft(api))['id']}"
        changes: list[tuple[dict[str, Any], str]] = [
            ({"credential_id": str(new_id())}, "credential_id"),
            ({"saas_instance_id": str(new_id())}, "saas_instance_id"),
            ({"inputs": INPUTS}, "inputs.data_region"),
            ({"inputs": {"colour": {"value": "red"}}}, "inputs.colour"),
            ({"inputs": {"tenant_id": {}}}, "inputs.tenant_id"),
            ({"inputs": {"tenant_id": {"value": "a\x00b"}}}, "inputs.tenant_id"),
            ({"name": None}, "name"),
            ({"colour": "red"}, "colour"),
        ]
        for change, field in changes:
            refused = await api.ask("PATCH", path, {"integration_user": "x", **change}, expect=422)
            assert field in fields(refused, "fields"), change
        after = await api.get(path)

    assert after["integration_user"] is None


async def test_what_is_in_use_is_not_deleted(here: World) -> None:
    """The answer names who uses it."""
    async with here.connector() as api:
        integration_id = await launched(api, here)
        (credential,) = (await api.get("/credentials"))["items"]
        variables = (await api.get("/variables"))["items"]
        kept = [
            await api.ask("DELETE", f"/credentials/{credential['id']}", expect=409),
            *[await api.ask("DELETE", f"/variables/{one['id']}", expect=409) for one in variables],
        ]
        free = await api.post("/variables", {"name": "Free", "value": "1"})
        await api.ask("DELETE", f"/variables/{free['id']}", expect=204)
        await api.ask("DELETE", f"/variables/{free['id']}", expect=404)
        await api.get(f"/integrations/{integration_id}")

    assert [one["used_by"] for one in variables] == [[NAME], [NAME]]
    assert {one["code"] for one in kept} == {"credential_in_use", "variable_in_use"}
    assert all(NAME in one["detail"] for one in kept)


async def test_a_credential_stays_while_a_workflow_needs_it_or_may(here: World) -> None:
    """An offboarding that cannot sign in deletes nobody, and is noticed when somebody has long left."""
    async with here.connector() as api:
        made = await api.post("/credentials", {"name": "For workflows", "client_id": "c", "client_secret": "s3cret"})
        path = f"/credentials/{made['id']}"
        here.engine.credential_uses = [("Offboarding", made["id"])]
        used = await api.ask("DELETE", path, expect=409)
        here.engine.credential_uses, here.engine.uses = [], None
        unknown = await api.ask("DELETE", path, expect=502)
        await api.get(path)
        here.engine.uses = []
        await api.ask("DELETE", path, expect=204)
        await api.ask("DELETE", path, expect=404)

    assert (used["code"], used["used_by_workflows"]) == ("credential_in_use", ["Offboarding"])
    assert (unknown["code"], unknown["retryable"]) == ("credential_users_unknown", True)


async def test_a_credential_test_says_what_works(here: World) -> None:
    """Sign-in, tenant, inputs, and whether users may be listed; what it finds can be copied into the variables."""
    async with here.connector() as api:
        credential_id = await store_access(api, here.tenant, here.simulator.url)
        out = await api.post(f"/credentials/{credential_id}/test")
        stored = await api.get(f"/credentials/{credential_id}")

    assert out["ok"]
    assert [check["name"] for check in out["checks"]] == ["sign_in", "whoami", "inputs", "list_users"]
    assert (out["id_type"], out["tenant_id"], out["data_region"]) == ("tenant", here.tenant.id, here.simulator.url)
    assert stored["last_test_ok"]
    assert stored["last_tested_at"]


async def test_a_credential_test_names_the_first_thing_that_does_not_work(here: World) -> None:
    """A wrong secret, and inputs of another tenant."""
    async with here.connector() as api:
        credential_id = await store_access(api, here.tenant, here.simulator.url)
        elsewhere = await api.post(f"/credentials/{credential_id}/test", {"inputs": {"tenant_id": {"value": "another"}}})
        here.tenant.client_secret = "rotated-by-somebody-else"
        wrong = await api.post(f"/credentials/{credential_id}/test")
        stored = await api.get(f"/credentials/{credential_id}")

    assert (elsewhere["ok"], elsewhere["checks"][-1]["name"]) == (False, "inputs")
    assert here.tenant.id in elsewhere["checks"][-1]["message"]
    assert [(check["name"], check["ok"]) for check in wrong["checks"]] == [("sign_in", False)]
    assert "client secret" in wrong["checks"][0]["message"]
    assert stored["last_test_ok"] is False


async def test_only_services_get_in(here: World) -> None:
    """Nothing but health answers without a service token."""
    async with here.connector() as api:
        del api.http.headers["Authorization"]
        for path in ("/providers", "/credentials", "/variables", "/integrations", f"/runs/{new_id()}"):
            await api.ask("GET", path, expect=401)
        health = await api.http.get("/health/ready")

    assert health.status_code == 200
    assert set(health.json()["dependencies"]) == {"database", "bus", "outbox", "mapper"}


async def test_the_provider_says_what_it_needs_and_offers(here: World) -> None:
    """Forms, mappings and presets are made from this."""
    async with here.connector() as api:
        (provider,) = [one for one in (await api.get("/providers"))["items"] if one["key"] == "sophos-users"]
        unknown = await api.ask("GET", "/providers/okta", expect=404)

    assert (provider["key"], provider["application"]) == ("sophos-users", "Sophos Endpoint Security")
    assert [one["variable"] for one in provider["inputs"]] == ["Sophos.Tenant ID", "Sophos.Data Region", "Sophos.Tenants", None]
    assert [one["name"] for one in provider["presets"]] == ["Sophos SaaS User Role", "Sophos Delete User"]
    assert unknown["code"] == "provider_not_found"


async def test_runs_are_listed_page_by_page_newest_first(here: World) -> None:
    """A cursor of another list is refused."""
    here.tenant.directory.users.clear()
    async with here.connector() as api:
        from_here = f"/integrations/{await launched(api, here)}/runs"
        made = [(await _run(api, from_here))["id"] for _ in range(3)]
        first = await api.get(from_here, limit=2)
        second = await api.get(from_here, limit=2, cursor=first["next_cursor"])
        await api.ask("GET", from_here, expect=422, cursor="WyJ4Il0")

    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None


async def _run(api: Api, path: str) -> dict[str, Any]:
    return await ended(api, (await api.post(path))["id"])


async def test_one_credential_of_sophos_serves_users_and_devices(here: World) -> None:
    """Nobody makes a second one in Sophos Central for the same tenant; an operation on devices takes it as well."""
    async with here.connector() as api:
        credential_id = await store_access(api, here.tenant, here.simulator.url)
        made = await api.post("/integrations", {"provider": "sophos-endpoints", "name": "Devices"}, expect=201)
        path = f"/integrations/{made['id']}"
        await api.ask("PATCH", path, {"credential_id": credential_id, "inputs": INPUTS})
        shown = await api.post(f"{path}/preview")
        endpoint = shown["records"][0]["source_id"]
        call = {"idempotency_key": "scan-it-once", "credential_id": credential_id, "inputs": INPUTS, "arguments": {"source_id": endpoint}}
        done = await api.post("/operations/sophos-endpoints/scan-endpoint", call)
    assert len(shown["records"]) == 10
    assert done["outcome"] == "done"


async def test_a_credential_for_typed_addresses_goes_nowhere_else_and_none_goes_there(here: World) -> None:
    """Somebody could type an address of their own, and be sent what Sophos trusts."""
    async with here.connector() as api:
        sophos = await store_access(api, here.tenant, here.simulator.url)
        kind = {
            "kind": "oauth2_client_credentials",
            "token_url": "https://api.example/token",
            "client_id": "c",
            "client_secret": "s3cret-s3cret",
        }
        typed = (await api.post("/credentials", {"name": "REST", "provider": "rest-users", **kind}, expect=201))["id"]
        for provider, credential_id in (("rest-users", sophos), ("sophos-users", typed), ("sophos-endpoints", typed)):
            made = await api.post("/integrations", {"provider": provider, "name": f"With the other's {provider}"}, expect=201)
            problem = await api.ask("PATCH", f"/integrations/{made['id']}", {"credential_id": credential_id}, expect=422)
            assert [one["field"] for one in problem["fields"]] == ["credential_id"]
        call = {
            "idempotency_key": "with-the-other",
            "credential_id": typed,
            "inputs": {},
            "arguments": {"source_id": "u", "expected_email": "u@x.example"},
        }
        await api.ask("POST", "/operations/sophos-users/delete-user", call, expect=422)
