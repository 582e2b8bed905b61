"""The four services as processes of their own, on PostgreSQL and RabbitMQ: they can be killed, and started again."""

import asyncio
import os
import secrets
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
from pydantic import SecretStr

from api_gateway.consumers import subscriptions as gateway
from connector.consumers import subscriptions as connector
from mapper.consumers import subscriptions as mapper
from shared.bus.amqp.topology import Topology
from shared.bus.port import Consumer, Message
from tests.support.server_waiting import NoServer, free_port, wait_until_it_answers
from tests.support.servers import remove_from_broker
from workflow_engine.consumers import subscriptions as workflow_engine

ROLLCALL = Path(sys.executable).parent / "rollcall"
PREFIXES = {"mapper": "MAPPER", "connector": "CONNECTOR", "workflow-engine": "WORKFLOW_ENGINE", "api-gateway": "GATEWAY"}
"""The services in the order in which they start, and what their settings begin with."""
START_SECONDS = 60


@dataclass(slots=True)
class Replica:
    """One process of a service, and the port that it keeps when it is started again."""

    service: str
    environment: dict[str, str]
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, without waiting for it."""
        port = {f"ROLLCALL_{PREFIXES[self.service]}_PORT": str(self.port)}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [ROLLCALL, "serve", self.service], env={**self.environment, **port}, stdout=output, stderr=subprocess.STDOUT
            )

    def until_ready(self) -> None:
        """Wait until everything that it needs answers. Raises `NoServer` with the end of its log."""
        process = self.process
        assert process is not None
        try:
            wait_until_it_answers(self._ask, seconds=START_SECONDS, alive=lambda: process.poll() is None)
        except NoServer as error:
            raise NoServer(f"{self.service}: {error}: {self.log.read_text(errors='replace')[-2000:]}") from error

    def kill(self) -> None:
        """End it with SIGKILL: it cannot clean up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _ask(self) -> None:
        httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).raise_for_status()


@dataclass(slots=True)
class Stack:
    """Rollcall, as operations runs it."""

    environment: dict[str, str]
    replicas: list[Replica] = field(default_factory=list)

    def of(self, service: str) -> list[Replica]:
        """Return the replicas of a service."""
        return [replica for replica in self.replicas if replica.service == service]

    def add(self, service: str, directory: Path) -> Replica:
        """Start a replica; the first of a service has the port that the others know."""
        known = self.environment.get(f"ROLLCALL_{PREFIXES[service]}_PORT")
        port = int(known) if known and not self.of(service) else free_port()
        replica = Replica(service, self.environment, port, directory / f"{service}-{len(self.of(service))}.log")
        self.replicas.append(replica)
        replica.start()
        return replica

    @property
    def url(self) -> str:
        """Where the gateway is."""
        return f"http://127.0.0.1:{self.of('api-gateway')[0].port}"

    def token(self) -> str:
        """Return the admin token that the first start printed."""
        for _ in range(100):
            for word in self.of("api-gateway")[0].log.read_text().split():
                if word.startswith("rc_"):
                    return word
            time.sleep(0.1)
        raise AssertionError("the gateway printed no admin token")


@contextmanager
def stack(postgres_url: str, rabbitmq_url: str, simulator_url: str, directory: Path, settings: Mapping[str, str]) -> Iterator[Stack]:
    """Migrate, and run one replica of each service inside the block; afterwards all of them are killed."""
    environment = _environment(postgres_url, rabbitmq_url, simulator_url) | dict(settings)
    subprocess.run([ROLLCALL, "migrate"], env=environment, check=True, capture_output=True, timeout=120)
    running = Stack(environment)
    try:
        for service in PREFIXES:
            running.add(service, directory)
        for replica in running.replicas:
            replica.until_ready()
        yield running
    finally:
        for replica in running.replicas:
            replica.kill()
        topology = Topology(environment["ROLLCALL_BUS_NAME"])
        remove_from_broker(SecretStr(rabbitmq_url), topology, _queues(topology))


async def restarted(replica: Replica) -> None:
    """Kill a replica and start it again at once."""
    await asyncio.to_thread(replica.kill)
    await asyncio.to_thread(replica.start)


def _queues(topology: Topology) -> list[str]:
    made = []
    for subscriptions in (connector, mapper, workflow_engine, gateway):
        for _, lane in subscriptions.heard():
            consumer = Consumer(subscriptions.service, lane, frozenset(), _never)
            made += [*topology.queues(consumer), *topology.queues(replace(consumer, ordered=False)), topology.dead_queue(consumer.id)]
    return made


async def _never(message: Message) -> None:
    raise AssertionError(message)


def _environment(postgres_url: str, rabbitmq_url: str, simulator_url: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")}
    ports = {prefix: free_port() for prefix in PREFIXES.values()}
    key = urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return {
        **clean,
        "ROLLCALL_BUS_URL": rabbitmq_url,
        "ROLLCALL_BUS_NAME": f"t{secrets.token_hex(6)}",
        "ROLLCALL_SERVICE_KEY": key,
        "ROLLCALL_CONNECTOR_ENCRYPTION_KEY": key,
        "ROLLCALL_CONNECTOR_SOPHOS_ID_URL": simulator_url,
        "ROLLCALL_CONNECTOR_SOPHOS_GLOBAL_URL": simulator_url,
        **{f"ROLLCALL_{prefix}_DATABASE_URL": postgres_url for prefix in PREFIXES.values()},
        **{f"ROLLCALL_{prefix}_PORT": str(port) for prefix, port in ports.items()},
        **{f"ROLLCALL_{prefix}_URL": f"http://127.0.0.1:{port}" for prefix, port in ports.items() if prefix != "GATEWAY"},
    }
