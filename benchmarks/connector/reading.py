"""Pages read and made durable, beside the same client that only fetches them; and the memory that a large directory takes."""

import asyncio
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

import httpx
from rich.table import Table

from all_in_one.demo.directory import Directory
from benchmarks.connector.child import Measured, Task, measured
from benchmarks.sync.processes import serving
from benchmarks.sync.servers import new_database
from tests.support.server_waiting import free_port

PAGE = 100
TARGET, MOST_MEMORY = 0.60, 1.25


def speed(users: int, rounds: int, postgres_url: str, directory: Path) -> Table:
    """Take turns with the baseline, and return the medians."""
    title = f"{users:,} users: pages a second, and milliseconds of the process's own time for a page, medians of {rounds}"
    table = Table(title=f"{title} (target: at least {TARGET:.0%} of what only fetches)")
    for heading in ("Into", "fetched only", "fetched and durable", "share", "least and most", "own time, fetched only", "durable"):
        table.add_column(heading, justify="left" if heading == "Into" else "right")
    with _directory(users, directory) as task:
        for name in ("PostgreSQL", "SQLite"):
            raw, ours = [], []
            for number in range(rounds):
                raw.append(measured("benchmarks.connector.raw", task))
                url = asyncio.run(new_database(postgres_url)) if name == "PostgreSQL" else f"sqlite:///{directory}/{users}-{number}.db"
                ours.append(measured("benchmarks.connector.ours", replace(task, database_url=url)))
            table.add_row(name, *_compared(raw, ours))
    return table


def memory(few: int, many: int, postgres_url: str, directory: Path) -> Table:
    """Return the connector's peak memory with few users and with many."""
    table = Table(title=f"Peak memory of the connector, MiB (target: at most {MOST_MEMORY}x)")
    for heading in ("Users", "peak", "pages a second"):
        table.add_column(heading, justify="right")
    peaks = []
    for users in (few, many):
        with _directory(users, directory) as task:
            done = measured("benchmarks.connector.ours", replace(task, database_url=asyncio.run(new_database(postgres_url))))
        peaks.append(done)
        table.add_row(f"{users:,}", f"{done.peak_mib:,.0f}", f"{done.pace:,.0f}")
    table.add_row("ratio", f"{_ratio(peaks):.2f}x", "")
    return table


def _compared(raw: list[Measured], ours: list[Measured]) -> list[str]:
    """Return the cells of a row. Each round is compared with the baseline just before it: the machine may have been busy with something."""
    shares = [one.pace / only.pace for one, only in zip(ours, raw, strict=True)]
    paces = [f"{median(one.pace for one in some):,.0f}" for some in (raw, ours)]
    work = [f"{median(one.work for one in some):.2f}" for some in (raw, ours)]
    return [*paces, f"{median(shares):.0%}", f"{min(shares):.0%} to {max(shares):.0%}", *work]


def _ratio(peaks: list[Measured]) -> float:
    return peaks[1].peak_mib / peaks[0].peak_mib


@contextmanager
def _directory(users: int, directory: Path) -> Iterator[Task]:
    """Serve a directory of so many users from a process of its own."""
    port, control_token = free_port(), secrets.token_urlsafe(24)
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "sophos_central_simulator", "--port", str(port)]
    environment = {"SOPHOS_SIMULATOR_CONTROL_TOKEN": control_token}
    with serving("simulator", command, environment, f"{url}/_control/health", directory / "simulator.log"):
        tenant = asyncio.run(_tenant(url, control_token, users))
        yield Task(url, tenant.tenant_id, tenant.client_id, tenant.client_secret, pages=users // PAGE)


async def _tenant(url: str, control_token: str, users: int) -> Directory:
    async with httpx.AsyncClient(base_url=url, headers={"X-Control-Token": control_token}, timeout=120) as control:
        return await Directory.create(control, seed=7, users=users, awkward=False, email_domain="bench.example.com")
