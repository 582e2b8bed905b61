"""The credential of a partner or an organization: one run over many tenants, and what it may say of who is not there."""

from typing import Any

import pytest

from shared.events import ListingCompleted
from shared.ids import new_id
from sophos_central_simulator.faults import Fault
from sophos_central_simulator.tenants import Parent
from tests.support.connector import Api, World, run


def parent_of(here: World, kind: Any, **how: Any) -> Parent:
    """Make a partner or an organization with tenants of 130 users each."""
    usual = {"tenants": 3, "without_api_host": 0, "refusing": 0, "seed": 7, "users": 130, "awkward": False, "endpoints": 10}
    made: Parent = here.simulator.app.state.tenants.create_parent(kind, email_domain="example.com", **{**usual, **how})
    return made


async def stored(api: Api, parent: Parent, provider: str = "sophos-users") -> str:
    """Store the credential of a parent; return its id."""
    given = {"name": f"Sophos {parent.kind} {provider}", "provider": provider, "client_id": parent.client_id}
    return str((await api.post("/credentials", {**given, "client_secret": parent.client_secret}))["id"])


async def launched(api: Api, parent: Parent, **inputs: str) -> str:
    """Launch an integration over the parent's tenants; return its id."""
    integration = await api.post("/integrations", {"provider": "sophos-users", "name": "Everybody's users"})
    path = f"/integrations/{integration['id']}"
    details = {"user_selection": "user_plus_saas_user", "integration_user": "sync@example.com", "credential_id": await stored(api, parent)}
    await api.ask("PATCH", path, {**details, "inputs": {key: {"value": value} for key, value in inputs.items()}})
    await api.post(f"{path}/launch")
    return str(integration["id"])


@pytest.mark.parametrize("kind", ["partner", "organization"])
async def test_all_tenants_are_read_in_one_run(here: World, kind: str) -> None:
    """Every record says its tenant, the books balance, and whoever left any of them is proven absent by all."""
    parent = parent_of(here, kind)
    async with here.connector() as api:
        integration_id = await launched(api, parent, tenants="all")
        first = await run(api, integration_id)
        gone = next(iter(parent.tenants[1].directory.users))
        parent.tenants[1].directory.remove(gone)
        second = await run(api, integration_id)

    assert (first["state"], first["fetched"], first["counts"]["added"]) == ("completed", 390, 390)
    by_tenant = [record["tenant"]["id"] for record in here.mapper.linked.values()]
    assert {tenant: by_tenant.count(tenant) for tenant in set(by_tenant)} == {tenant.id: 130 for tenant in parent.tenants}
    assert (second["state"], second["fetched"], second["newly_missing"]) == ("completed", 389, 1)
    assert here.mapper.missing == {gone}


async def test_a_tenant_out_of_reach_is_named_and_nobody_is_missing_for_it(here: World) -> None:
    """Its users were read before and cannot be asked for now: they stay as they are."""
    parent = parent_of(here, "partner")
    async with here.connector() as api:
        integration_id = await launched(api, parent, tenants="all")
        await run(api, integration_id)
        listings = len(here.mapper.of(ListingCompleted))
        switches = parent.tenants[2].switches
        parent.tenants[2].switches = switches.model_copy(update={"refuses_parents": True})
        parent.tenants[0].directory.remove(next(iter(parent.tenants[0].directory.users)))
        out = await run(api, integration_id)
        errors = (await api.get(f"/runs/{out['id']}/errors"))["items"]
        parent.tenants[2].switches = switches
        after = await run(api, integration_id)

    assert (out["state"], out["fetched"], out["missing"]) == ("completed_with_errors", 259, 0)
    assert [error["code"] for error in errors] == ["sophos_tenant_skipped"]
    assert parent.tenants[2].id in errors[0]["message"]
    assert len(here.mapper.of(ListingCompleted)) == listings + 1, "only the run that read every tenant speaks of absence"
    assert (after["state"], after["newly_missing"]) == ("completed", 1)


async def test_a_forecast_leaves_out_the_tenants_that_a_run_would_skip(here: World) -> None:
    """The run would do its work in the others; so must the word about what it will cost."""
    parent = parent_of(here, "partner", without_api_host=1, refusing=1, tenants=4)
    async with here.connector() as api:
        integration_id = await launched(api, parent, tenants="all")
        told = await api.get(f"/integrations/{integration_id}/forecast")
        done = await run(api, integration_id)

    assert (told["records"], told["scopes"]) == (260, 2)
    assert told["records"] == done["fetched"]


async def test_chosen_tenants_alone_are_read(here: World) -> None:
    """The others are not even asked."""
    parent = parent_of(here, "partner")
    async with here.connector() as api:
        wanted = f"{parent.tenants[2].id}, {parent.tenants[0].id.upper()}"
        out = await run(api, await launched(api, parent, tenants=wanted))
    assert (out["state"], out["fetched"]) == ("completed", 260)
    assert parent.tenants[1].counts.total() == 0


async def test_a_partners_token_that_ends_is_renewed_in_the_middle_of_a_run(here: World) -> None:
    """Once on a 401, in whichever tenant that comes."""
    parent = parent_of(here, "partner")
    async with here.connector() as api:
        integration_id = await launched(api, parent, tenants="all")
        parent.faults.append(Fault(kind="expire_tokens", path="/common/v1/directory/users", skip=1))
        for tenant in parent.tenants[1:]:
            tenant.faults.append(Fault(kind="expire_tokens", path="/common/v1/directory/users"))
        out = await run(api, integration_id)
    assert (out["state"], out["fetched"]) == ("completed", 390)


async def test_a_partners_credential_is_tested_over_its_tenants(here: World) -> None:
    """It says how many there are, and which of them a run will skip."""
    parent = parent_of(here, "partner", tenants=4, without_api_host=1, refusing=0)
    async with here.connector() as api:
        tested = await api.post(f"/credentials/{await stored(api, parent)}/test")
    checks = {check["name"]: check for check in tested["checks"]}
    assert (tested["ok"], tested["id_type"]) == (True, "partner")
    assert "reaches 3 chosen tenants; 1 will be skipped" in checks["tenants"]["message"]
    assert checks["list_users"]["ok"]


async def test_a_deletion_finds_the_tenant_of_the_user(here: World) -> None:
    """Whoever names no tenant is asked for in all; the deletion goes to the one that has the user."""
    parent = parent_of(here, "partner")
    user = next(one for one in parent.tenants[2].directory.users.values() if one["source"]["type"] == "custom" and one.get("email"))
    async with here.connector() as api:
        request = {"idempotency_key": str(new_id()), "credential_id": await stored(api, parent), "inputs": {"tenants": {"value": "all"}}}
        arguments = {"source_id": user["id"], "expected_email": user["email"]}
        out = await api.post("/operations/sophos-users/delete-user", {**request, "arguments": arguments})
        nowhere = {**arguments, "source_id": str(new_id())}
        absent = await api.post("/operations/sophos-users/delete-user", {**request, "idempotency_key": str(new_id()), "arguments": nowhere})
    assert (out["outcome"], out["code"]) == ("done", "deleted")
    assert out["evidence"]["request"]["tenant"] == parent.tenants[2].id
    assert user["id"] not in parent.tenants[2].directory.users
    assert (absent["outcome"], absent["code"]) == ("done", "already_absent")
    assert all(tenant.id in absent["result"]["proof"]["asked"] for tenant in parent.tenants)


async def test_devices_of_all_tenants_are_previewed(here: World) -> None:
    """A tenant that cannot be read is said beside them."""
    parent = parent_of(here, "partner", tenants=2, endpoints=6, without_api_host=0, refusing=1)
    async with here.connector() as api:
        integration = await api.post("/integrations", {"provider": "sophos-endpoints", "name": "Devices"})
        details = {"credential_id": await stored(api, parent, "sophos-endpoints"), "inputs": {"tenants": {"value": "all"}}}
        await api.ask("PATCH", f"/integrations/{integration['id']}", details)
        shown = await api.post(f"/integrations/{integration['id']}/preview")
    assert {one["record"]["tenant"]["id"] for one in shown["records"]} == {parent.tenants[0].id}
    assert [note["code"] for note in shown["notes"]] == ["sophos_tenant_skipped"]
