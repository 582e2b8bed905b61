"""Pages of devices: along Sophos' keys to the end, never in a circle, and what counts as one device."""

from typing import Any

import httpx
import pytest

from connector.sources.base import Observed
from connector.sources.sophos.across import AcrossTenants
from connector.sources.sophos.devices import devices_of, look_for_device
from connector.sources.sophos.devices_manifest import MANIFEST
from shared.errors import AppError
from shared.events.sources import ProofOfAbsence
from tests.unit.connector.test_sophos_errors import TENANT, account, place, sophos

DEVICE: dict[str, Any] = {"id": "3f0c1d52-7a4e-4b0e-9c55-1d2e3f4a5b17", "type": "computer", "hostname": "PC-17", "os": {"isServer": False}}


async def listing(pages: dict[str | None, Any], asked: list[dict[str, str]] | None = None) -> AcrossTenants:
    """Return devices over these answers, by the key that they are asked for with."""

    def api(request: httpx.Request) -> httpx.Response:
        params = dict(request.url.params)
        if asked is not None:
            asked.append(params)
        return httpx.Response(200, json=pages[params.get("pageFromKey")])

    signed_in = account(sophos(api), device_page_size=2)
    return await devices_of(signed_in.central, signed_in.access)


async def read(devices: AcrossTenants) -> list[str]:
    """Return the ids, to the end."""
    found, cursor = [], None
    while True:
        page = await devices.page(cursor)
        found += [device.source_id for device in page.users]
        if (cursor := page.next) is None:
            return found


def page(*ids: str, key: Any = None) -> dict[str, Any]:
    """Return a page with these devices, and the key of the next one."""
    return {"items": [{"id": one} for one in ids], "pages": {"size": 2, "maxSize": 500, **({} if key is None else {"nextKey": key})}}


@pytest.mark.parametrize("ending", [None, ""])
async def test_keys_lead_to_the_end(ending: str | None) -> None:
    """No key and an empty one both mean the end; a short page does not. The question stays the same beside the key."""
    asked: list[dict[str, str]] = []
    pages = {None: page("d1", "d2", key="a/+="), "a/+=": page("d3", key="b"), "b": page("d4", "d5", key=ending)}
    assert await read(await listing(pages, asked)) == ["d1", "d2", "d3", "d4", "d5"]
    assert asked[1] == {"pageSize": "2", "view": "full", "pageFromKey": "a/+="}
    assert asked[0] == {"pageSize": "2", "view": "full"}


async def test_a_key_that_leads_back_to_itself_is_found_out() -> None:
    """It would be read without end."""
    with pytest.raises(AppError, match="without end"):
        await read(await listing({None: page("d1", key="a"), "a": page("d2", key="a")}))


@pytest.mark.parametrize("answer", [{"items": {}}, {"endpoints": []}, {"items": [], "pages": {"nextKey": 7}}])
async def test_an_answer_that_is_no_page_of_devices_is_named(answer: dict[str, Any]) -> None:
    """No devices and a strange answer must not be mistaken for each other."""
    with pytest.raises(AppError) as refused:
        await read(await listing({None: answer}))
    assert refused.value.code == "sophos_malformed_answer"


async def test_one_device_is_there_or_proven_absent() -> None:
    """As with users: only Sophos' own 404 is a proof."""
    there = await look_for_device(await place(sophos(lambda _: httpx.Response(200, json=DEVICE))), DEVICE["id"].upper())
    no_such_device = httpx.Response(404, json={"error": "notFound", "correlationId": "c"})
    gone = await look_for_device(await place(sophos(lambda _: no_such_device)), DEVICE["id"])
    assert there == Observed(DEVICE["id"].upper(), {**DEVICE, "tenant": {"id": TENANT}})
    assert isinstance(gone, ProofOfAbsence)
    assert gone.asked == f"GET /endpoint/v1/endpoints/{DEVICE['id']}"

    with pytest.raises(AppError) as refused:
        await look_for_device(await place(sophos(lambda _: httpx.Response(404, text="<html>"))), DEVICE["id"])
    assert refused.value.code == "sophos_foreign_404"


def test_the_manifest_tells_devices_from_people() -> None:
    """Whoever maps records must know what they are of, and find what matters of a device."""
    keys = {field.key for field in MANIFEST.source_fields}
    assert MANIFEST.object_type == "device"
    assert {"health", "os_name", "person_id", "tamper_protection_enabled", "isolation_status"} <= keys
    assert len(keys) == len(MANIFEST.source_fields)
