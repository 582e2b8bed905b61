"""The source that both sides read: Sophos Central's simulator in a process of its own."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from all_in_one.demo.directory import Directory
from benchmarks.sync.processes import serving
from tests.support.server_waiting import free_port


@dataclass(frozen=True, slots=True)
class Simulator:
    """A running simulator."""

    url: str
    control_token: str

    def control(self) -> httpx.AsyncClient:
        """Return a client of its control API."""
        return httpx.AsyncClient(base_url=self.url, headers={"X-Control-Token": self.control_token}, timeout=120)


@contextmanager
def simulator(directory: Path) -> Iterator[Simulator]:
    """Run a simulator inside the block."""
    port, control_token = free_port(), secrets.token_urlsafe(24)
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "sophos_central_simulator", "--port", str(port)]
    environment = {"SOPHOS_SIMULATOR_CONTROL_TOKEN": control_token}
    with serving("simulator", command, environment, f"{url}/_control/health", directory / "simulator.log"):
        yield Simulator(url, control_token)


async def new_directory(control: httpx.AsyncClient, users: int) -> Directory:
    """Make a directory of so many users, the same people each time."""
    return await Directory.create(control, seed=7, users=users, awkward=False, email_domain="bench.example.com")


async def change_some(directory: Directory, users: int) -> None:
    """Let one in a hundred of so many users change."""
    await directory.change(change=users // 100, join=0, leave=0)
