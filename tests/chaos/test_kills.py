"""Services that die at random moments, replicas that want one run, servers that go away and come back: nothing lost, nothing doubled."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from rich.console import Console

from all_in_one.demo.api import Api, CallFailed
from all_in_one.demo.directory import Directory
from all_in_one.demo.report import Step
from all_in_one.demo.story import Story
from sophos_central_simulator.server import serving
from sophos_central_simulator.settings import SimulatorSettings
from tests.support.end_state import end_state
from tests.support.server_binaries import Server, mortal_postgres, mortal_rabbitmq
from tests.support.server_waiting import NoServer
from tests.support.servers import ask_postgres, ask_rabbitmq, none_found
from tests.support.stack import Stack, restarted, stack

CONTROL = "control-token-of-this-test"
PEOPLE = 1500
SETTINGS = {
    "ROLLCALL_CONNECTOR_RATE_POLICY": "off",
    "ROLLCALL_CONNECTOR_PAGE_SIZE": "5",
    "ROLLCALL_CONNECTOR_LEASE_SECONDS": "1.5",
    "ROLLCALL_CONNECTOR_RETRY_FIRST_SECONDS": "0.05",
    "ROLLCALL_LOG_LEVEL": "WARNING",
}
DURABLE = ("fsync=off", "max_connections=200")
"""What survives the death of the server; only the machine's own death could lose it."""
SLOW = {"kind": "slow", "seconds": 0.02, "path": "/common/v1/directory/users", "count": 1_000_000}
"""Pages take long enough for something to happen between them."""


@asynccontextmanager
async def active(postgres: str, rabbitmq: str, directory: Path) -> AsyncIterator[tuple[Stack, Story]]:
    """Give the running services, and an active integration with a directory of 300 pages."""
    settings = SimulatorSettings(port=0, control_token=SecretStr(CONTROL))
    async with (
        serving(settings) as simulator,
        httpx.AsyncClient(base_url=simulator.url, headers={"X-Control-Token": CONTROL}, timeout=60) as control,
    ):
        tenant = await Directory.create(control, seed=13, users=PEOPLE, awkward=False, email_domain="kills.example.com")
        with stack(postgres, rabbitmq, simulator.url, directory, SETTINGS) as running:
            headers = {"Authorization": f"Bearer {running.token()}"}
            async with httpx.AsyncClient(base_url=running.url, headers=headers, timeout=30) as http:
                story = Story(Api(http), tenant, Console(quiet=True), label="")
                for prepare in (story.connect, story.draft, story.launch):
                    await prepare(Step(0, ""))
                (await control.post(f"/_control/tenants/{tenant.tenant_id}/faults", json=SLOW)).raise_for_status()
                yield running, story


async def begun(story: Story) -> dict[str, Any]:
    """Ask for a run."""
    run: dict[str, Any] = await story.api.post(f"/integrations/{story.integration['id']}/runs")
    return run


async def ended(story: Story, run: dict[str, Any]) -> dict[str, Any]:
    """Wait for the end of a run, however long the API itself is away meanwhile."""
    async with asyncio.timeout(150):
        while True:
            try:
                seen: dict[str, Any] = await story.api.get(f"/runs/{run['id']}")
            except CallFailed:
                seen = {"ended_at": None}
            if seen["ended_at"] is not None:
                return seen
            await asyncio.sleep(0.2)


async def whole(run: dict[str, Any], postgres: str) -> None:
    """Check that everybody was loaded once: in the run's books, and in the records."""
    assert (run["state"], run["error"], run["fetched"], run["counts"]["added"]) == ("completed", None, PEOPLE, PEOPLE)
    state = await end_state(SecretStr(postgres))
    assert len(state.people) == len(state.saas_users) == len(state.links) == PEOPLE
    assert set(state.revisions.values()) == {1}
    assert {(number, kind) for _, number, kind in state.revisions} == {(1, "person created"), (1, "saas_user created")}


@pytest.mark.timeout(300)
async def test_ten_kills_at_random_moments(postgres_url: SecretStr, rabbitmq_url: SecretStr, tmp_path: Path) -> None:
    """Connector and mapper die in the middle of whatever they do, and whoever comes after goes on there."""
    chance = random.Random(3)
    postgres = postgres_url.get_secret_value()
    async with active(postgres, rabbitmq_url.get_secret_value(), tmp_path) as (running, story):
        run = await begun(story)
        for _ in range(10):
            await asyncio.sleep(chance.uniform(0.3, 2.5))
            await restarted(running.of(chance.choice(["connector", "mapper"]))[0])
        done = await ended(story, run)
        await whole(done, postgres)


@pytest.mark.timeout(300)
async def test_two_replicas_want_one_run(postgres_url: SecretStr, rabbitmq_url: SecretStr, tmp_path: Path) -> None:
    """One of them has it at a time; when each dies in turn the other takes over, and no page is told twice."""
    postgres = postgres_url.get_secret_value()
    async with active(postgres, rabbitmq_url.get_secret_value(), tmp_path) as (running, story):
        for service in ("connector", "mapper"):
            await asyncio.to_thread(running.add(service, tmp_path).until_ready)
        run = await begun(story)
        for number in range(4):
            await asyncio.sleep(1.5)
            await restarted(running.of("connector")[number % 2])
        done = await ended(story, run)
        await whole(done, postgres)


@pytest.mark.timeout(300)
async def test_database_and_broker_are_switched_off_and_on(tmp_path: Path) -> None:
    """Services outlive their servers: they wait, connect again, and go on."""
    with mortal_servers() as (database, broker):
        async with active(database.url, broker.url, tmp_path) as (_, story):
            run = await begun(story)
            await asyncio.sleep(2)
            await asyncio.to_thread(database.restart)
            await asyncio.sleep(2)
            await asyncio.to_thread(broker.restart)
            done = await ended(story, run)
            await whole(done, database.url)


@contextmanager
def mortal_servers() -> Iterator[tuple[Server, Server]]:
    """Give servers of this test's own; without their binaries it is skipped, or fails where servers are required."""
    with ExitStack() as started:
        try:
            servers = started.enter_context(mortal_postgres(ask_postgres, DURABLE)), started.enter_context(mortal_rabbitmq(ask_rabbitmq))
        except NoServer as error:
            none_found(str(error))
        yield servers
