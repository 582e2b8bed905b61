"""What a measuring child process is told and tells: JSON on its arguments and on the last line of its output."""

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Any

import uvloop

from all_in_one.memory import settle_garbage_collection


@dataclass(frozen=True, slots=True)
class Task:
    """Which directory is to be read, and into which database."""

    source_url: str
    tenant_id: str
    client_id: str
    client_secret: str
    pages: int
    database_url: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """Pages, the seconds that they took by the clock and of the process's own time, and its peak resident memory in MiB."""

    pages: int
    seconds: float
    worked: float
    peak_mib: float

    @property
    def pace(self) -> float:
        """Pages a second."""
        return self.pages / self.seconds

    @property
    def work(self) -> float:
        """Milliseconds of the process's own time that a page took."""
        return self.worked * 1000 / self.pages


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock, and of the process's own time: what others take of a shared machine is not in it."""

    seconds: float
    worked: float


class Stopwatch:
    """Runs from the moment at which it is made."""

    def __init__(self) -> None:
        self._began, self._worked = time.perf_counter(), time.process_time()

    def read(self, seconds: float | None = None) -> Took:
        """Return what passed, or the seconds that somebody else measured, and what this process worked meanwhile."""
        passed = time.perf_counter() - self._began if seconds is None else seconds
        return Took(passed, time.process_time() - self._worked)


def measured(module: str, task: Task) -> Measured:
    """Let a process of its own do the task. Raises `RuntimeError` with the end of what it said when it fails."""
    command = [sys.executable, "-m", module, json.dumps(asdict(task))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr[-2000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def serve(work: Callable[[Task], Coroutine[Any, Any, Took]]) -> None:
    """Do the task that the arguments hold, and print what was measured."""
    task = Task(**json.loads(sys.argv[1]))
    settle_garbage_collection()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        took = runner.run(work(task))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(asdict(Measured(task.pages, took.seconds, took.worked, peak))))
