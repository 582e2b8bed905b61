"""Clients that others wrote for the real service read the simulator unchanged: a witness that is not of our making."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.contract.simulator.visitor import ALERTS, SIEM_ALERTS, SIEM_EVENTS, Visitor, visiting

CLIENTS = Path(__file__).parents[2] / "clients"
PYTHON = CLIENTS / ".venv/bin/python"
pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="`make clients` has not built tests/clients/.venv")

USERS, ENDPOINTS = ("/common/v1/directory/users", 230), ("/endpoint/v1/endpoints", 120)
HAPPENED = 130


@pytest.fixture
async def owner(http: httpx.AsyncClient) -> Visitor:
    """Give a visitor of a tenant with several pages of users, of devices and of alerts."""
    visitor = await visiting(http, users=USERS[1], endpoints=ENDPOINTS[1])
    await visitor.happen(count=HAPPENED)
    return visitor


async def told_by(script: str, *arguments: str) -> str:
    """Return the last line that a client prints."""
    process = await asyncio.create_subprocess_exec(
        PYTHON, CLIENTS / script, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complained = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, complained.decode()
    return said.decode().splitlines()[-1]


@pytest.mark.parametrize(
    ("path", "count", "api", "size"),
    [(*USERS, "directory", "50"), (*ENDPOINTS, "endpoint", "50"), (f"{ALERTS}?from=2024-01-01T00:00:00.000Z", HAPPENED, "common", "50")],
)
async def test_the_connector_of_sophos_reads_everything(owner: Visitor, path: str, count: int, api: str, size: str) -> None:
    """By page number and by key."""
    url = str(owner.http.base_url).rstrip("/")
    told = await told_by("official_connector.py", url, owner.tenant["client_id"], owner.tenant["client_secret"], path, api, size)
    assert told == str(count)


@pytest.mark.parametrize(("path", "count"), [USERS, ENDPOINTS, (ALERTS, HAPPENED), (SIEM_EVENTS, HAPPENED), (SIEM_ALERTS, HAPPENED)])
async def test_an_independent_package_reads_everything(owner: Visitor, path: str, count: int) -> None:
    """It sends what the description does not ask for, and must be answered all the same."""
    url = str(owner.http.base_url).rstrip("/")
    credential = (owner.tenant["client_id"], owner.tenant["client_secret"], owner.tenant["tenant_id"])
    assert await told_by("independent_client.py", url, *credential, path) == f"found {count}"
