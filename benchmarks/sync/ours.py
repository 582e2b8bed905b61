"""Our side: the four services in processes of their own, on PostgreSQL and RabbitMQ, driven through the public API."""

import asyncio
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from rich.console import Console

from all_in_one.demo.api import Api
from all_in_one.demo.directory import Directory
from all_in_one.demo.report import Step
from all_in_one.demo.story import Story
from benchmarks.sync.processes import ROLLCALL, peak_mib, run_to_end, serving
from tests.support.server_waiting import free_port

NAMES = ("mapper", "connector", "workflow-engine", "api-gateway")


@dataclass(frozen=True, slots=True)
class Pass:
    """One run through the whole directory: seconds from the request to the balanced end."""

    seconds: float
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Stack:
    """The running services."""

    url: str
    token: str
    processes: dict[str, psutil.Process]

    def peak(self, *names: str) -> float:
        """Return the summed peak memory of the named services, in MiB."""
        return sum(peak_mib(self.processes[name]) for name in names)


@contextmanager
def stack(postgres_url: str, rabbitmq_url: str, simulator_url: str, directory: Path) -> Iterator[Stack]:
    """Migrate and start the four services inside the block."""
    ports = {name: free_port() for name in NAMES}
    key = urlsafe_b64encode(secrets.token_bytes(32)).decode()
    common = {
        "ROLLCALL_BUS_URL": rabbitmq_url,
        "ROLLCALL_BUS_NAME": f"bench-{secrets.token_hex(4)}",
        "ROLLCALL_SERVICE_KEY": key,
        "ROLLCALL_LOG_LEVEL": "WARNING",
        "ROLLCALL_CONNECTOR_ENCRYPTION_KEY": key,
        "ROLLCALL_CONNECTOR_RATE_POLICY": "off",
        "ROLLCALL_CONNECTOR_SOPHOS_ID_URL": simulator_url,
        "ROLLCALL_CONNECTOR_SOPHOS_GLOBAL_URL": simulator_url,
    }
    for name, prefix in zip(NAMES, ("MAPPER", "CONNECTOR", "WORKFLOW_ENGINE", "GATEWAY"), strict=True):
        common[f"ROLLCALL_{prefix}_DATABASE_URL"] = postgres_url
        common[f"ROLLCALL_{prefix}_PORT"] = str(ports[name])
        if prefix != "GATEWAY":
            common[f"ROLLCALL_{prefix}_URL"] = f"http://127.0.0.1:{ports[name]}"
    run_to_end(["env", *(f"{name}={value}" for name, value in common.items()), str(ROLLCALL), "migrate"], directory / "migrate.log")
    with ExitStack() as started:
        processes = {}
        for name in NAMES:
            command = [str(ROLLCALL), "serve", name]
            ready = f"http://127.0.0.1:{ports[name]}/health/ready"
            processes[name] = started.enter_context(serving(name, command, common, ready, directory / f"{name}.log"))
        token = _token(directory / "api-gateway.log")
        yield Stack(f"http://127.0.0.1:{ports['api-gateway']}", token, processes)


async def passes(ours: Stack, simulator_url: str, control_token: str, users: int, changed: int) -> tuple[list[Pass], Directory]:
    """Set up an integration, then load three times: first, unchanged, and with `changed` people changed."""
    async with (
        httpx.AsyncClient(base_url=ours.url, headers={"Authorization": f"Bearer {ours.token}"}, timeout=60) as gateway,
        httpx.AsyncClient(base_url=simulator_url, headers={"X-Control-Token": control_token}, timeout=120) as control,
    ):
        directory = await Directory.create(control, seed=7, users=users, awkward=False, email_domain="bench.example.com")
        story = Story(Api(gateway), directory, Console(quiet=True), label="", patience=7200)
        for prepare in (story.connect, story.draft, story.launch):
            await prepare(Step(0, ""))
        done = [await _pass(story), await _pass(story)]
        await directory.change(change=changed, join=0, leave=0)
        done.append(await _pass(story))
        return done, directory


async def _pass(story: Story) -> Pass:
    started = time.perf_counter()
    run = await story.run()
    seconds = time.perf_counter() - started
    if run["state"] != "completed":
        raise RuntimeError(f"the run ended {run['state']}: {run['error']}")
    await asyncio.sleep(1)
    return Pass(seconds, run["counts"])


def _token(log: Path) -> str:
    for _ in range(50):
        for word in log.read_text().split():
            if word.startswith("rc_"):
                return word
        time.sleep(0.1)
    raise RuntimeError("the gateway printed no admin token")
