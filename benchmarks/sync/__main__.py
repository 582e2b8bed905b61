"""`make bench`, or `python -m benchmarks.sync --users 10000`: prints our passes beside dlt's, the ratio, and peak memory.

Needs binaries of PostgreSQL and RabbitMQ on this machine, or TEST_POSTGRES_URL and TEST_RABBITMQ_URL, and dlt in
benchmarks/.venv. Both sides read the same simulator and write to the same PostgreSQL server, in turn.
"""

import argparse
import asyncio
import secrets
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from rich.console import Console
from rich.table import Table

from all_in_one.demo.directory import Directory
from benchmarks.sync.ours import Pass, passes, stack
from benchmarks.sync.processes import Finished, run_to_end, serving
from benchmarks.sync.servers import new_database, servers
from tests.support.server_waiting import free_port

PEER = Path(__file__).parents[1] / ".venv/bin/python"
NAMES = ("first load", "unchanged reload", "1 % changed")


def main() -> None:
    """Measure at each size and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--users", type=int, nargs="+", default=[10_000, 100_000], help="sizes of the directory")
    sizes = arguments.parse_args().users
    if not PEER.exists():
        sys.exit("benchmarks/.venv has no dlt: run `make bench`")
    console = Console()
    with TemporaryDirectory(prefix="rollcall-bench-") as name, servers() as (postgres_url, rabbitmq_url):
        for users in sizes:
            directory = Path(name) / str(users)
            directory.mkdir()
            console.print(_measured(users, postgres_url, rabbitmq_url, directory))


def _measured(users: int, postgres_url: str, rabbitmq_url: str, directory: Path) -> Table:
    control_token = secrets.token_urlsafe(24)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "sophos_central_simulator", "--port", str(port)]
    environment = {"SOPHOS_SIMULATOR_CONTROL_TOKEN": control_token}
    with ExitStack() as started:
        started.enter_context(serving("simulator", command, environment, f"{url}/_control/health", directory / "simulator.log"))
        ours_url, peer_url = (asyncio.run(new_database(postgres_url)) for _ in range(2))
        with stack(ours_url, rabbitmq_url, url, directory) as ours:
            ours_passes, _ = asyncio.run(passes(ours, url, control_token, users, users // 100))
            memory, memory_all = ours.peak("connector", "mapper"), ours.peak(*ours.processes)
        peer = asyncio.run(_peer(url, control_token, users, peer_url, directory))
    return _table(users, ours_passes, peer, memory, memory_all)


async def _peer(url: str, control_token: str, users: int, postgres_url: str, directory: Path) -> list[Finished]:
    """Let dlt do the same three passes on a directory of its own, made from the same seed."""
    async with httpx.AsyncClient(base_url=url, headers={"X-Control-Token": control_token}, timeout=120) as control:
        tenant = await Directory.create(control, seed=7, users=users, awkward=False, email_domain="bench.example.com")
        form = {
            "grant_type": "client_credentials",
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
            "scope": "token",
        }
        signed_in = await control.post("/api/v2/oauth2/token", data=form)
        words = [url, signed_in.raise_for_status().json()["access_token"], tenant.tenant_id, postgres_url, str(directory / "dlt")]
        command = [str(PEER), str(Path(__file__).with_name("dlt_peer.py")), *words]
        done = []
        for number in range(3):
            if number == 2:
                await tenant.change(change=users // 100, join=0, leave=0)
            done.append(await asyncio.to_thread(run_to_end, command, directory / f"dlt-{number}.log"))
        return done


def _table(users: int, ours: list[Pass], peer: list[Finished], memory: float, memory_all: float) -> Table:
    table = Table(title=f"{users:,} users: users/s from request to balanced end, beside dlt (rest_api → postgres, merge)")
    for heading in ("Pass", "Rollcall", "dlt", "ratio"):
        table.add_column(heading, justify="left" if heading == "Pass" else "right")
    for name, mine, theirs in zip(NAMES, ours, peer, strict=True):
        table.add_row(name, f"{users / mine.seconds:,.0f}", f"{users / theirs.seconds:,.0f}", f"{theirs.seconds / mine.seconds:.2f}x")
    largest = max(finished.peak_mib for finished in peer)
    table.add_row("peak memory, MiB (connector + mapper)", f"{memory:,.0f}", f"{largest:,.0f}", f"{memory / largest:.2f}x")
    table.add_row("peak memory, MiB (all four services)", f"{memory_all:,.0f}", f"{largest:,.0f}", f"{memory_all / largest:.2f}x")
    return table


if __name__ == "__main__":
    main()
