"""Removing devices in Sophos, against the simulator."""

from shared.ids import new_id
from tests.support.connector import INPUTS, Api, World, store_access


async def request(api: Api, here: World, **arguments: str) -> dict[str, object]:
    """Store what operations on devices need; return a request."""
    await store_access(api, here.tenant, here.simulator.url)
    given = {"name": "For devices", "client_id": here.tenant.client_id, "client_secret": here.tenant.client_secret}
    credential = await api.post("/credentials", {**given, "provider": "sophos-endpoints"})
    return {"idempotency_key": str(new_id()), "credential_id": credential["id"], "inputs": INPUTS, "arguments": arguments}


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
