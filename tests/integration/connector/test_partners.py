"""The credential of a partner or an organization: one run over many tenants, and what it may say of who is not there."""

import asyncio
from typing import Any

import pytest

from shared.events import ListingCompleted, UsersObserved, UsersProvenAbsent
from shared.ids import new_id
from sophos_central_simulator.faults import Fault
from sophos_central_simulator.tenants import Parent
from tests.support.connector import Api, World, ended, eventually, run


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


async def test_a_tenant_out_of_reach_is_named_and_nobody_of_it_is_missing(here: World) -> None:
    """Its users stay as they are, whoever left them meanwhile; who left a tenant that was read is missing all the same."""
    parent = parent_of(here, "partner")
    async with here.connector() as api:
        integration_id = await launched(api, parent, tenants="all")
        await run(api, integration_id)
        switches = parent.tenants[2].switches
        parent.tenants[2].switches = switches.model_copy(update={"refuses_parents": True})
        left, hidden = (next(iter(parent.tenants[which].directory.users)) for which in (0, 2))
        parent.tenants[0].directory.remove(left)
        parent.tenants[2].directory.remove(hidden)
        out = await run(api, integration_id)
        errors = (await api.get(f"/runs/{out['id']}/errors"))["items"]
        told, asked = here.mapper.of(ListingCompleted)[-1], here.mapper.of(UsersProvenAbsent)[-1]
        parent.tenants[2].switches = switches
        after = await run(api, integration_id)

    assert (out["state"], out["fetched"], out["newly_missing"]) == ("completed_with_errors", 259, 1)
    assert [error["code"] for error in errors] == ["sophos_tenant_skipped"]
    assert parent.tenants[2].id in errors[0]["message"]
    assert told.parts == sorted(tenant.id for tenant in parent.tenants[:2])
    assert [(proof.source_id, proof.asked.endswith(parent.tenants[0].id)) for proof in asked.proofs] == [(left, True)]
    assert (after["state"], after["newly_missing"], here.mapper.missing) == ("completed", 1, {left, hidden})


async def test_nobody_is_missing_whose_tenant_left_the_partner(here: World) -> None:
    """All the others say that they do not know them, which is true, and says nothing."""
    parent = parent_of(here, "partner")
    async with here.connector() as api:
        integration_id = await launched(api, parent, tenants="all")
        await run(api, integration_id)
        parent.tenants.pop(1)
        out = await run(api, integration_id)
    assert (out["state"], out["fetched"], out["missing"]) == ("completed", 260, 0)
    assert here.mapper.missing == set()


async def test_each_part_is_remembered_over_a_restart_in_the_middle(here: World) -> None:
    """Whoever goes on behind the last page does not know which tenants were read before: the database does."""
    parent = parent_of(here, "partner")
    async with here.connector() as api:
        integration_id = await launched(api, parent, tenants="all")
        await run(api, integration_id)
        gone = [next(iter(tenant.directory.users)) for tenant in parent.tenants]
        for tenant, one in zip(parent.tenants, gone, strict=True):
            tenant.directory.remove(one)
        here.mapper.hold = asyncio.Event()
        parent.tenants[2].faults.append(Fault(kind="slow", path="/common/v1/directory/users", seconds=2))
        queued = await api.post(f"/integrations/{integration_id}/runs", expect=202)

        async def two_are_read() -> Any:
            shown = await api.get(f"/runs/{queued['id']}")
            return shown if shown["progress"]["pages"] >= 4 else None

        await eventually(two_are_read)
        here.mapper.hold.set()
    async with here.connector() as api:
        out = await ended(api, queued["id"])
    assert (out["state"], out["newly_missing"]) == ("completed", 3)
    assert here.mapper.missing == set(gone)


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


async def quick(api: Api, integration_id: str) -> dict[str, Any]:
    """Run it quickly, to the end."""
    return await ended(api, (await api.post(f"/integrations/{integration_id}/runs", {"kind": "quick"}, expect=202))["id"])


async def test_a_tenant_that_always_refuses_keeps_no_other_from_being_read_quickly(here: World) -> None:
    """It is skipped and named, each time; in the others a quick run takes one request each."""
    parent = parent_of(here, "partner", refusing=1, tenants=4)
    refusing = next(tenant for tenant in parent.tenants if tenant.switches.refuses_parents)
    readable = [tenant for tenant in parent.tenants if tenant is not refusing]
    async with here.connector(quick_overlap_seconds=0) as api:
        integration_id = await launched(api, parent, tenants="all")
        full = await run(api, integration_id)
        changed = [next(iter(tenant.directory.users)) for tenant in readable]
        for tenant, one in zip(readable, changed, strict=True):
            tenant.directory.update(one, {"firstName": "Changed"})
        forecast = await api.get(f"/integrations/{integration_id}/forecast", kind="quick")
        moved = await quick(api, integration_id)
        errors = (await api.get(f"/runs/{moved['id']}/errors"))["items"]
        after = await quick(api, integration_id)

    assert full["state"] == "completed_with_errors"
    assert (moved["state"], moved["fetched"], moved["missing"]) == ("completed_with_errors", 3, 0)
    seen = {one for event in here.mapper.of(UsersObserved) if str(event.provenance.run_id) == moved["id"] for one in event.source_ids}
    assert seen == set(changed)
    assert [error["code"] for error in errors] == ["sophos_tenant_skipped"]
    assert refusing.id in errors[0]["message"]
    assert "never listed whole" in errors[0]["message"]
    assert (forecast["records"], forecast["requests"], forecast["scopes"]) == (3, 3, 3)
    # The source tells its time in whole seconds: what changed within the same one is read twice, and does nothing.
    assert after["counts"]["unchanged"] == after["fetched"]


async def test_a_tenant_that_refuses_for_a_while_is_read_back_to_where_it_was_left(here: World) -> None:
    """Quick runs go on in the others meanwhile; what changed behind its closed door is read by the first one that gets in."""
    parent = parent_of(here, "partner")
    closed, other = parent.tenants[1], parent.tenants[0]
    switches = closed.switches
    async with here.connector(quick_overlap_seconds=0) as api:
        integration_id = await launched(api, parent, tenants="all")
        await run(api, integration_id)
        closed.switches = switches.model_copy(update={"refuses_parents": True})
        hidden, shown = next(iter(closed.directory.users)), next(iter(other.directory.users))
        closed.directory.update(hidden, {"firstName": "Behind the door"})
        other.directory.update(shown, {"firstName": "Changed"})
        await asyncio.sleep(1.1)  # Its clock tells whole seconds.
        without = await quick(api, integration_id)
        again = await quick(api, integration_id)
        closed.switches = switches
        inside = await quick(api, integration_id)

    assert (without["state"], without["fetched"], again["fetched"]) == ("completed_with_errors", 1, 0)
    assert again["since"] == without["since"], "the one that refuses stays where it was"
    seen = {one for event in here.mapper.of(UsersObserved) if str(event.provenance.run_id) == inside["id"] for one in event.source_ids}
    assert (inside["state"], seen) == ("completed", {hidden})


async def test_a_tenant_that_nobody_has_listed_yet_waits_for_a_full_run(here: World) -> None:
    """Read back to no moment at all, a quick run would be a full one that misses whoever has no date."""
    parent = parent_of(here, "partner", refusing=1)
    late = next(tenant for tenant in parent.tenants if tenant.switches.refuses_parents)
    async with here.connector(quick_overlap_seconds=0) as api:
        integration_id = await launched(api, parent, tenants="all")
        await run(api, integration_id)
        late.switches = late.switches.model_copy(update={"refuses_parents": False})
        before = await quick(api, integration_id)
        await run(api, integration_id)
        changed = next(iter(late.directory.users))
        late.directory.update(changed, {"firstName": "Changed"})
        after = await quick(api, integration_id)

    assert before["state"] == "completed_with_errors"
    assert after["state"] == "completed"
    assert changed in {
        one for event in here.mapper.of(UsersObserved) if str(event.provenance.run_id) == after["id"] for one in event.source_ids
    }
