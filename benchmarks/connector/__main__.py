"""`make bench`, or `python -m benchmarks.connector`: speed beside what only fetches, peak memory, and runs under Sophos' limits.

Needs binaries of PostgreSQL on this machine, or TEST_POSTGRES_URL.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from benchmarks.connector.limits import kept
from benchmarks.connector.reading import memory, speed
from benchmarks.sync.servers import postgres_server


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--users", type=int, nargs="+", default=[10_000, 100_000], help="sizes of the directory, hundreds")
    arguments.add_argument("--rounds", type=int, default=5, help="how often each side reads it, in turn")
    arguments.add_argument("--many", type=int, default=1_000_000, help="the large directory, for memory; 0: leave it out")
    given = arguments.parse_args()
    console = Console()
    with TemporaryDirectory(prefix="rollcall-bench-") as name, postgres_server() as postgres_url:
        directory = Path(name)
        for users in given.users:
            console.print(speed(users, given.rounds, postgres_url, directory))
        if given.many:
            console.print(memory(10_000, given.many, postgres_url, directory))
        console.print(kept(given.users, directory))


if __name__ == "__main__":
    main()
