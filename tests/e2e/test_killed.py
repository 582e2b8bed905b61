"""`rollcall up`, killed with SIGKILL in the middle of a run, goes on where it stopped."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from rich.console import Console

from all_in_one.demo.api import Api
from all_in_one.demo.directory import Directory
from all_in_one.demo.report import Step
from all_in_one.demo.story import Story
from sophos_central_simulator.server import serving
from sophos_central_simulator.settings import SimulatorSettings
from tests.e2e.test_story import ROLLCALL
from tests.support.server_waiting import free_port

CONTROL = "control-token-of-this-test"
PEOPLE = 600


@asynccontextmanager
async def up(directory: Path, port: int, simulator: str, **settings: str) -> AsyncIterator[subprocess.Popen[str]]:
    """Run `rollcall up` inside the block; kill it with SIGKILL at its end, as a power cut would."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")},
        "ROLLCALL_DATA_DIR": str(directory / "data"),
        "ROLLCALL_CONNECTOR_SOPHOS_ID_URL": simulator,
        "ROLLCALL_CONNECTOR_SOPHOS_GLOBAL_URL": simulator,
        "ROLLCALL_CONNECTOR_LEASE_SECONDS": "2",
        "COLUMNS": "300",
        **settings,
    }
    with (directory / "up.log").open("a") as log:
        process = subprocess.Popen([ROLLCALL, "up", "--port", str(port)], env=environment, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: ASYNC220 - started once, before anything waits
    try:
        async with httpx.AsyncClient() as http:
            async with asyncio.timeout(60):
                while not await ready(http, port):  # noqa: ASYNC110 - a process tells its readiness over HTTP only
                    await asyncio.sleep(0.1)
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


async def ready(http: httpx.AsyncClient, port: int) -> bool:
    """Say whether the gateway is ready."""
    try:
        return (await http.get(f"http://127.0.0.1:{port}/health/ready")).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def gateway(port: int, token: str) -> httpx.AsyncClient:
    """Return a client of the public API."""
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}, timeout=30)


@pytest.mark.timeout(240)
async def test_a_run_survives_the_death_of_the_whole_process(tmp_path: Path) -> None:
    """No page is lost and none is counted twice: fetched equals added, and everybody is there once."""
    port = free_port()
    settings = SimulatorSettings(port=0, control_token=SecretStr(CONTROL))
    async with (
        serving(settings) as simulator,
        httpx.AsyncClient(base_url=simulator.url, headers={"X-Control-Token": CONTROL}, timeout=30) as control,
    ):
        directory = await Directory.create(control, seed=3, users=PEOPLE, awkward=False, email_domain="killed.example.com")
        slow = {"kind": "slow", "seconds": 0.3, "path": "/common/v1/directory/users", "count": 100}
        async with up(tmp_path, port, simulator.url) as process:
            token = first_token(process)
            async with gateway(port, token) as http:
                story = Story(Api(http), directory, Console(quiet=True), label="")
                for prepare in (story.connect, story.draft, story.launch):
                    await prepare(Step(0, ""))
                (await control.post(f"/_control/tenants/{directory.tenant_id}/faults", json=slow)).raise_for_status()
                run = await story.api.post(f"/integrations/{story.integration['id']}/runs")
                async with asyncio.timeout(30):
                    while (await story.api.get(f"/runs/{run['id']}"))["pages"] < 2:  # noqa: ASYNC110 - progress is told by the API
                        await asyncio.sleep(0.05)
        async with up(tmp_path, port, simulator.url), gateway(port, token) as http:
            api = Api(http)
            async with asyncio.timeout(90):
                while (ended := await api.get(f"/runs/{run['id']}"))["ended_at"] is None:  # noqa: ASYNC110 - progress is told by the API
                    await asyncio.sleep(0.2)
            assert (ended["state"], ended["fetched"], ended["counts"]["added"]) == ("completed", PEOPLE, PEOPLE)
            emails = [person["fields"]["email"] async for person in api.every("/people")]
            assert len(emails) == len(set(emails)) == PEOPLE


@pytest.mark.timeout(240)
async def test_a_plan_that_is_being_applied_survives_the_death_of_the_whole_process(tmp_path: Path) -> None:
    """Half of what was approved would be a state that nobody has ever looked at: the rest follows, and nothing is done twice."""
    port = free_port()
    small_pages = {"ROLLCALL_CONNECTOR_PAGE_SIZE": "5", "ROLLCALL_CONNECTOR_RATE_POLICY": "off"}
    async with (
        serving(SimulatorSettings(port=0, control_token=SecretStr(CONTROL))) as simulator,
        httpx.AsyncClient(base_url=simulator.url, headers={"X-Control-Token": CONTROL}, timeout=30) as control,
    ):
        directory = await Directory.create(control, seed=5, users=PEOPLE, awkward=False, email_domain="planned.example.com")
        async with up(tmp_path, port, simulator.url, **small_pages) as process:
            token = first_token(process)
            async with gateway(port, token) as http:
                story = Story(Api(http), directory, Console(quiet=True), label="")
                for prepare in (story.connect, story.draft, story.launch):
                    await prepare(Step(0, ""))
                plan = await story.api.post(f"/integrations/{story.integration['id']}/runs", {"mode": "plan"})
                assert (await run_at_end(story.api, plan["id"]))["state"] == "completed"
                run = await story.api.post(f"/runs/{plan['id']}/apply")
                async with asyncio.timeout(30):
                    while not (seen := await story.api.get(f"/runs/{run['id']}"))["counts"]["added"]:  # noqa: ASYNC110 - see above
                        await asyncio.sleep(0.01)
                assert (seen["ended_at"], seen["counts"]["added"] < PEOPLE) == (None, True), "it was to die in the middle"
        async with up(tmp_path, port, simulator.url, **small_pages), gateway(port, token) as http:
            api = Api(http)
            ended = await run_at_end(api, run["id"])
            assert (ended["state"], ended["kind"], ended["fetched"], ended["counts"]["added"]) == ("completed", "apply", PEOPLE, PEOPLE)
            assert (await api.get(f"/runs/{plan['id']}/plan"))["outcomes"] == {"applied": PEOPLE}
            people = [person async for person in api.every("/people")]
            assert len(people) == len({person["fields"]["email"] for person in people}) == PEOPLE
            assert {person["revision"] for person in people} == {1}, "nobody was written twice"


async def run_at_end(api: Api, run_id: str) -> dict[str, Any]:
    """Return a run once it has ended."""
    async with asyncio.timeout(90):
        while (seen := await api.get(f"/runs/{run_id}"))["ended_at"] is None:  # noqa: ASYNC110 - progress is told by the API
            await asyncio.sleep(0.2)
    found: dict[str, Any] = seen
    return found


def first_token(process: subprocess.Popen[str]) -> str:
    """Return the admin token that the first start printed."""
    assert process.stdout is not None
    for line in process.stdout:
        for word in line.split():
            if word.startswith("rc_"):
                return word
    raise AssertionError("no token was printed")
