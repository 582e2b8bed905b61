"""`make bench`, or `python -m benchmarks.sync --users 10000`: prints our passes beside dlt's, the ratio, and peak memory.

PostgreSQL: four services over RabbitMQ; needs binaries of both on this machine, or TEST_POSTGRES_URL and TEST_RABBITMQ_URL. SQLite:
`rollcall up`, one process; needs nothing. dlt is in benchmarks/.venv. Both sides read the same simulator and write to the same
kind of database, in turn.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from benchmarks.sync import ours, peer
from benchmarks.sync.processes import worked_with_children
from benchmarks.sync.report import Round, table
from benchmarks.sync.servers import postgres_process, servers, temporary_database
from benchmarks.sync.simulator import Simulator, simulator
from benchmarks.sync.stacks import apart, embedded

NAMES = {"postgres": "PostgreSQL", "sqlite": "SQLite"}
Measure = Callable[[int, Path, Simulator], Round]


def main() -> None:
    """Measure on each database at each size, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--users", type=int, nargs="+", default=[10_000, 100_000], help="sizes of the directory, hundreds")
    arguments.add_argument("--rounds", type=int, default=1, help="how often each is measured; medians are printed")
    arguments.add_argument("--database", nargs="+", choices=NAMES, default=list(NAMES), help="where both sides write")
    given = arguments.parse_args()
    if min(given.users) < 100 or given.rounds < 1:
        arguments.error("--users needs at least 100, of whom one changes, and --rounds at least 1")
    if not peer.PYTHON.exists():
        sys.exit("benchmarks/.venv has no dlt: run `make bench`")
    for database in given.database:
        with _measuring(database) as measure:
            for users in given.users:
                Console().print(table(NAMES[database], users, [_round(measure, users) for _ in range(given.rounds)]))


@contextmanager
def _measuring(database: str) -> Iterator[Measure]:
    if database == "sqlite":
        yield _on_sqlite
        return
    with servers() as (postgres_url, rabbitmq_url):
        yield partial(_on_postgres, postgres_url, rabbitmq_url)


def _round(measure: Measure, users: int) -> Round:
    """Measure once, in a directory and with a simulator that end with it: no round finds anything of an earlier one."""
    with TemporaryDirectory(prefix="rollcall-bench-") as name, simulator(Path(name)) as source:
        return measure(users, Path(name), source)


def _on_postgres(postgres_url: str, rabbitmq_url: str, users: int, directory: Path, source: Simulator) -> Round:
    process = postgres_process(postgres_url)
    server = float if process is None else partial(worked_with_children, process)
    with ExitStack() as made:
        ours_url, peer_url = (made.enter_context(temporary_database(postgres_url)) for _ in range(2))
        with apart(ours_url, rabbitmq_url, source.url, directory) as stack:
            mine = asyncio.run(ours.passes(stack, source, users, server))
            memory = {"connector + mapper": stack.peak("connector", "mapper"), "all four services": stack.peak()}
        return Round(mine, asyncio.run(peer.passes(source, users, peer_url, directory, server)), memory)


def _on_sqlite(users: int, directory: Path, source: Simulator) -> Round:
    with embedded(source.url, directory) as stack:
        mine = asyncio.run(ours.passes(stack, source, users, float))
        memory = {"the one process": stack.peak()}
    url = f"sqlite:///{directory / 'dlt.sqlite3'}"
    return Round(mine, asyncio.run(peer.passes(source, users, url, directory, float)), memory)


if __name__ == "__main__":
    main()
