"""Rollcall as users run it: four services on PostgreSQL and RabbitMQ, or everything in one process on SQLite files."""

import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.sync.processes import ROLLCALL, peak_mib, run_to_end, serving, worked
from tests.support.server_waiting import free_port

NAMES = ("mapper", "connector", "workflow-engine", "api-gateway")


@dataclass(frozen=True, slots=True)
class Stack:
    """What is running: the gateway's address, an admin's token, and the processes by their names."""

    url: str
    token: str
    processes: dict[str, psutil.Process]

    def peak(self, *names: str) -> float:
        """Return the summed peak memory of the named processes, of all when none is named, in MiB."""
        return sum(peak_mib(self.processes[name]) for name in names or self.processes)

    def worked(self) -> float:
        """Return the seconds of processor time that all processes took so far."""
        return sum(worked(process) for process in self.processes.values())


@contextmanager
def apart(postgres_url: str, rabbitmq_url: str, simulator_url: str, directory: Path) -> Iterator[Stack]:
    """Migrate and run the four services in processes of their own inside the block."""
    ports = {name: free_port() for name in NAMES}
    key = urlsafe_b64encode(secrets.token_bytes(32)).decode()
    common = {
        **_usual(simulator_url),
        "ROLLCALL_BUS_URL": rabbitmq_url,
        "ROLLCALL_BUS_NAME": f"bench-{secrets.token_hex(4)}",
        "ROLLCALL_SERVICE_KEY": key,
        "ROLLCALL_CONNECTOR_ENCRYPTION_KEY": key,
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


@contextmanager
def embedded(simulator_url: str, directory: Path) -> Iterator[Stack]:
    """Run `rollcall up` inside the block: one process, the in-process bus, SQLite files in the directory."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    environment = {**_usual(simulator_url), "ROLLCALL_DATA_DIR": str(directory / "rollcall-data")}
    log = directory / "rollcall.log"
    with serving("rollcall", [str(ROLLCALL), "up", "--port", str(port)], environment, f"{url}/health/ready", log) as process:
        yield Stack(url, _token(log), {"rollcall": process})


def _usual(simulator_url: str) -> dict[str, str]:
    return {
        "ROLLCALL_LOG_LEVEL": "WARNING",
        "ROLLCALL_CONNECTOR_RATE_POLICY": "off",
        "ROLLCALL_CONNECTOR_SOPHOS_ID_URL": simulator_url,
        "ROLLCALL_CONNECTOR_SOPHOS_GLOBAL_URL": simulator_url,
    }


def _token(log: Path) -> str:
    for _ in range(50):
        for word in log.read_text().split():
            if word.startswith("rc_"):
                return word
        time.sleep(0.1)
    raise RuntimeError("the gateway printed no admin token")
