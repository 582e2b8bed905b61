"""Devices of Sophos Central against the real services and the simulator: from a draft to assets, and gone with proof."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.whole import Here, launched_integration

DEVICES = 40
TARGETS = {
    "device_id": ["id"],
    "hostname": ["hostname"],
    "asset_type": ["type"],
    "serial_number": ["serialNumber"],
    "os_name": ["os", "name"],
    "health": ["health", "overall"],
    "tamper_protection_enabled": ["tamperProtectionEnabled"],
    "last_seen_at": ["lastSeenAt"],
    "assigned_source_id": ["associatedPerson", "id"],
    "assigned_login": ["associatedPerson", "viaLogin"],
}


@pytest.fixture
async def here(database_url: SecretStr, tmp_path: Path) -> AsyncIterator[Here]:
    """Give a launched integration of users whose tenant has devices too."""
    async with launched_integration(database_url, tmp_path, devices=DEVICES) as given:
        yield given


async def drafted(here: Here) -> str:
    """Store a draft of the devices' integration, beside that of the users; return its path."""
    secret = {"client_id": here.tenant.client_id, "client_secret": here.tenant.client_secret}
    users = await here.ask("GET", f"/integrations/{here.integration_id}")
    credential = await here.ask("POST", "/credentials", {"name": "Devices", "provider": "sophos-endpoints", **secret})
    integration = await here.ask("POST", "/integrations", {"provider": "sophos-endpoints", "name": "Sophos devices"})
    path = f"/integrations/{integration['id']}"
    inputs = {key: {"value": given["value"]} for key, given in users["inputs"].items()}
    await here.ask("PATCH", path, {"integration_user": "admin", "credential_id": credential["id"], "inputs": inputs})
    return path


async def launched(here: Here) -> str:
    """Launch the integration of the devices; return its path."""
    path = await drafted(here)
    targets = {key: {"kind": "source", "path": steps} for key, steps in TARGETS.items()}
    await here.ask("PUT", f"{path}/mapping", {"object_type": "asset", "targets": targets, "sync_keys": ["device_id"]})
    await here.ask("POST", f"{path}/launch")
    return path


async def run(here: Here, path: str) -> dict[str, Any]:
    """Run the integration of the devices; return the run."""
    ended = await here.settled((await here.ask("POST", f"{path}/runs", {}))["id"])
    assert ended["state"] == "completed", ended
    return ended


async def all_assets(here: Here) -> dict[str, dict[str, Any]]:
    """Return the assets by the id of their device."""
    page = await here.ask("GET", "/assets", limit=200, count=True)
    assert page["total"] == len(page["items"])
    return {one["fields"]["device_id"]: one for one in page["items"]}


async def test_devices_become_assets_of_the_people_whom_sophos_names(here: Here) -> None:
    """Devices first, people later: each device finds its person, and a second run changes nothing."""
    path = await launched(here)
    assert (await run(here, path))["counts"]["added"] == DEVICES
    assert {one["person_id"] for one in (await all_assets(here)).values()} == {None}
    await here.run()
    people = {person["fields"]["email"]: person["id"] for person in (await here.ask("GET", "/people", limit=200))["items"]}
    people |= {
        one["fields"]["email"]: one["person_id"] for one in (await here.ask("GET", "/saas-users", limit=200, sort="-email"))["items"]
    }
    expected = {}
    for device in here.tenant.fleet.starting():
        named = here.tenant.directory.users.get(device.get("associatedPerson", {}).get("id", ""))
        expected[device["id"]] = None if named is None else people[named["email"].lower()]
    found = {device_id: one["person_id"] for device_id, one in (await all_assets(here)).items()}
    assert found == expected
    assert any(expected.values()), "the tenant has devices that name somebody"
    assert (await run(here, path))["counts"]["unchanged"] == DEVICES


async def test_a_device_that_sophos_has_no_more_is_missing(here: Here) -> None:
    """The listing raises the suspicion, Sophos' own 404 for the id proves it, and the asset stays."""
    path = await launched(here)
    await run(here, path)
    gone = next(iter(here.tenant.fleet.starting()))["id"]
    here.tenant.fleet.delete(gone)
    assert (await run(here, path))["missing"] == 1
    lost = (await all_assets(here))[gone]
    assert lost["fields"]["missing_since"] is not None
    newest = (await here.ask("GET", f"/assets/{lost['id']}/timeline"))["items"][-1]
    assert (newest["kind"], newest["proof"]["status"]) == ("missing", 404)
    assert newest["proof"]["asked"].endswith(gone)


async def test_devices_cannot_be_mapped_to_people(here: Here) -> None:
    """Said when the mapping is stored, where it can be mended at once."""
    path = await drafted(here)
    missing = await here.ask("GET", f"{path}/mapping/readiness")
    assert [gap["field"] for gap in missing["missing"]] == ["mapping.device_id", "mapping.sync_keys"]
    mapping = {"targets": {"email": {"kind": "source", "path": ["id"]}}, "sync_keys": ["email"]}
    refused = await here.ask("PUT", f"{path}/mapping", mapping, expect=422)
    assert refused["fields"][0]["field"] == "object_type"
    suggested = await here.ask("POST", f"{path}/mapping/suggestions")
    found = {one["target"]: one["source"].get("path") for one in suggested["suggestions"]}
    assert (found["device_id"], found["hostname"], found["serial_number"]) == (["id"], ["hostname"], ["serialNumber"])
    assert found["assigned_source_id"] == ["associatedPerson", "id"]
    assert suggested["sync_keys"] == ["device_id"]
