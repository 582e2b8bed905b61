"""Child processes: started, waited for, stopped, and asked for their peak memory and processor time."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

Meter = Callable[[], float]
"""Tells the seconds of processor time that something took so far."""

ROLLCALL = Path(sys.executable).parent / "rollcall"


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock, and of processor time of the processes that did it."""

    seconds: float
    worked: float


@dataclass(frozen=True, slots=True)
class Finished(Took):
    """A command that ran to its end, from start to exit, and its peak resident memory in MiB."""

    peak_mib: float


def run_to_end(command: Sequence[str], log: Path) -> Finished:
    """Run a command. Raises `RuntimeError` with the end of its log when it fails."""
    started = time.perf_counter()
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{command[0]} failed: {log.read_text(errors='replace')[-2000:]}")
    return Finished(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


@contextmanager
def serving(name: str, command: Sequence[str], environment: dict[str, str], url: str, log: Path) -> Iterator[psutil.Process]:
    """Run a server inside the block; wait until `url` answers 200."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait(name, url, process, log)
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def peak_mib(process: psutil.Process) -> float:
    """Return the peak resident memory of a process so far, in MiB."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def worked(process: psutil.Process) -> float:
    """Return the seconds of processor time that a process took so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def worked_with_children(process: psutil.Process) -> float:
    """Return the seconds of processor time that a process took so far, and its children, those that ended as well."""
    times = process.cpu_times()
    seconds = float(times.user + times.system + times.children_user + times.children_system)
    for child in process.children():
        with suppress(psutil.NoSuchProcess):
            seconds += worked(child)
    return seconds


def _wait(name: str, url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended: {log.read_text(errors='replace')[-2000:]}")
        try:
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{name} is not ready: {log.read_text(errors='replace')[-2000:]}")
