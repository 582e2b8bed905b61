"""What is done to devices in Sophos, against the simulator: each effect is read back, and no password is ever seen."""

from typing import Any

import pytest
from sqlalchemy import select

from connector.tables import OPERATIONS, SCHEMA
from shared.db.engine import opened
from shared.ids import new_id
from tests.support.connector import INPUTS, Api, World, store_access


async def request(api: Api, here: World, **arguments: str) -> dict[str, object]:
    """Store what operations on devices need; return a request."""
    await store_access(api, here.tenant, here.simulator.url)
    given = {"name": "For devices", "client_id": here.tenant.client_id, "client_secret": here.tenant.client_secret}
    credential = await api.post("/credentials", {**given, "provider": "sophos-endpoints"})
    return {"idempotency_key": str(new_id()), "credential_id": credential["id"], "inputs": INPUTS, "arguments": arguments}


async def operate(api: Api, operation: str, given: dict[str, object]) -> dict[str, Any]:
    """Do something to a device; return what came of it."""
    out: dict[str, Any] = await api.post(f"/operations/sophos-endpoints/{operation}", given)
    return out


async def test_an_isolation_is_done_when_the_device_shows_it(here: World) -> None:
    """Sophos says 202 at once; the device follows later, and until then the same key says pending and asks nobody twice."""
    device = next(iter(here.tenant.fleet.starting()))
    here.tenant.switches.isolation_takes = 3600
    async with here.connector() as api:
        given = await request(api, here, source_id=device["id"], expected_hostname=device["hostname"], comment="Lost laptop")
        pending = await operate(api, "isolate-endpoint", given)
        again = await operate(api, "isolate-endpoint", given)
        here.simulator.app.state.tenants.clock.advance(3600)
        done = await operate(api, "isolate-endpoint", given)
        release = {**given, "idempotency_key": str(new_id())}
        busy = await operate(api, "release-endpoint", release)
        here.simulator.app.state.tenants.clock.advance(3600)
        released = await operate(api, "release-endpoint", release)

    assert [(one["outcome"], one["code"]) for one in (pending, again)] == [("unknown", "pending")] * 2
    assert (done["outcome"], done["code"], done["result"]["isolation"]["adminIsolated"]) == ("done", "isolated", True)
    assert (busy["code"], released["code"]) == ("pending", "released")
    assert sum(count for call, count in here.tenant.counts.items() if call.startswith("POST ")) == 2


async def test_a_change_in_progress_is_refused_until_it_has_ended(here: World) -> None:
    """Somebody has asked for the opposite a moment ago: the same key works once that has happened."""
    device = next(iter(here.tenant.fleet.starting()))
    here.tenant.switches.isolation_takes = 3600
    async with here.connector() as api:
        given = await request(api, here, source_id=device["id"])
        await operate(api, "isolate-endpoint", given)
        other = {**given, "idempotency_key": str(new_id())}
        refused = await operate(api, "release-endpoint", other)
        here.simulator.app.state.tenants.clock.advance(3600)
        here.tenant.switches.isolation_takes = 0
        released = await operate(api, "release-endpoint", other)
    assert (refused["outcome"], refused["code"]) == ("refused", "change_in_progress")
    assert (released["outcome"], released["code"]) == ("done", "released")


async def test_no_password_of_tamper_protection_is_ever_kept(here: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Not in an answer, not in the ledger, not in a log line: whoever may read those may not take Sophos off a device."""
    device = next(iter(here.tenant.fleet.starting()))
    password = here.tenant.fleet.tamper_protection(device["id"]).shown()["password"]
    async with here.connector() as api:
        given = await request(api, here, source_id=device["id"], expected_hostname=device["hostname"])
        off = await operate(api, "disable-tamper-protection", given)
        on = await operate(api, "enable-tamper-protection", {**given, "idempotency_key": str(new_id())})
        async with opened(here.settings.database_url, SCHEMA.name) as database, database.reading() as session:
            ledger = [tuple(row) for row in await session.execute(select(OPERATIONS))]

    assert [(one["outcome"], one["code"]) for one in (off, on)] == [("done", "switched_off"), ("done", "switched_on")]
    assert len(ledger) == 2
    assert password not in f"{api.answers} {ledger} {capsys.readouterr()}"


@pytest.mark.parametrize("operation", ["scan-endpoint", "check-endpoint-updates"])
async def test_a_request_is_confirmed_by_its_id(here: World, operation: str) -> None:
    """What the device does then shows in Sophos; asking again with the same key asks Sophos nothing."""
    device = next(iter(here.tenant.fleet.starting()))
    async with here.connector() as api:
        given = await request(api, here, source_id=device["id"])
        first, second = await operate(api, operation, given), await operate(api, operation, given)
    assert (first["outcome"], first["code"], first["result"]["request"]["status"]) == ("done", "requested", "requested")
    assert second == first


async def test_a_device_is_deleted_once_and_proven_gone(here: World) -> None:
    """Sophos answers 200 to the deletion of anything; only the 404 afterwards counts."""
    device = next(iter(here.tenant.fleet.starting()))
    before = len(here.tenant.fleet)
    async with here.connector() as api:
        given = await request(api, here, source_id=device["id"], expected_hostname=device["hostname"].lower())
        first = await api.post("/operations/sophos-endpoints/delete-endpoint", given)
        second = await api.post("/operations/sophos-endpoints/delete-endpoint", given)

    assert (first["outcome"], first["code"]) == ("done", "deleted")
    assert first["result"]["proof"]["status"] == 404
    assert second == first
    assert len(here.tenant.fleet) == before - 1


async def test_a_device_with_another_hostname_stays(here: World) -> None:
    """An id that now belongs to another device must not cost it anything."""
    device = next(iter(here.tenant.fleet.starting()))
    async with here.connector() as api:
        given = await request(api, here, source_id=device["id"], expected_hostname="somebody-elses-pc")
        out = await api.post("/operations/sophos-endpoints/delete-endpoint", given)
    assert (out["outcome"], out["code"]) == ("refused", "hostname_mismatch")
    assert here.tenant.fleet.get(device["id"]) is not None
