"""Where the tests' servers come from: PostgreSQL and RabbitMQ, once per session, the first time that a test asks.

In this order: an address in the environment (`TEST_POSTGRES_URL`, `TEST_RABBITMQ_URL`); a server that listens on this
machine's usual port and lets the usual account in; the binaries on this machine, in a temporary directory; a container.
`TEST_SERVERS=testcontainers` takes the container at once. Where there is none the test is skipped, and says why;
`REQUIRE_SERVERS=1` makes it fail.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NoReturn
from uuid import uuid4

import aio_pika
import asyncpg
import pytest
import structlog
from aio_pika.abc import AbstractChannel
from pydantic import SecretStr

from shared.bus.amqp.topology import Topology
from shared.bus.port import Consumer
from tests.support import server_binaries, server_containers
from tests.support.server_waiting import NoServer

USUAL_POSTGRES = ("postgresql://postgres:postgres@127.0.0.1:5432/postgres", "postgresql://postgres@127.0.0.1:5432/postgres")
USUAL_RABBITMQ = ("amqp://guest:guest@127.0.0.1:5672/",)

Start = Callable[[Callable[[str], None]], AbstractContextManager[str]]


def pytest_configure() -> None:
    """Forget the product's settings of whoever runs the tests, and log in a plain way: rendering each traceback in colour takes seconds."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, plain])
    for name in [name for name in os.environ if name.upper().startswith("ROLLCALL_")]:
        del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a server, so that `-m "not rabbitmq"` works without marking by hand."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        for fixture, marker in (("postgres_url", pytest.mark.postgres), ("rabbitmq_url", pytest.mark.rabbitmq)):
            if fixture in fixtures:
                item.add_marker(marker)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[SecretStr]:
    """Give the address of a PostgreSQL server's administrative database, with the right to create others."""
    with _server("TEST_POSTGRES_URL", USUAL_POSTGRES, ask_postgres, (server_binaries.postgres, server_containers.postgres)) as url:
        yield SecretStr(url)


@pytest.fixture(scope="session")
def rabbitmq_url() -> Iterator[SecretStr]:
    """Give the address of a RabbitMQ server; use `bus_name` to stay out of the way of other tests."""
    with _server("TEST_RABBITMQ_URL", USUAL_RABBITMQ, ask_rabbitmq, (server_binaries.rabbitmq, server_containers.rabbitmq)) as url:
        yield SecretStr(url)


@pytest.fixture
def bus_name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give a prefix for this test's exchanges and queues that no other test has; what was made with it is removed."""
    name = f"t{uuid4().hex[:12]}"
    made: set[str] = set()
    declare = Topology.declare

    async def declare_and_remember(topology: Topology, channel: AbstractChannel, consumer: Consumer) -> None:
        made.update([*topology.queues(consumer), topology.dead_queue(consumer.id)])
        await declare(topology, channel, consumer)

    monkeypatch.setattr(Topology, "declare", declare_and_remember)
    yield name
    if made:
        remove_from_broker(request.getfixturevalue("rabbitmq_url"), Topology(name), made)


def run_apart(work: Callable[[], Any]) -> Any:
    """Run a coroutine function to its end in a thread of its own: the test's own event loop stays untouched."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


def remove_from_broker(url: SecretStr, topology: Topology, queues: Iterable[str]) -> None:
    """Delete a bus's queues and exchanges."""

    async def remove() -> None:
        async with await aio_pika.connect(url.get_secret_value(), timeout=10) as connection, connection.channel() as channel:
            for queue in queues:
                await channel.queue_delete(queue)
            for exchange in (topology.exchange, topology.dead_exchange):
                await channel.exchange_delete(exchange)

    run_apart(remove)


@contextmanager
def _server(variable: str, usual: tuple[str, ...], ask: Callable[[str], None], starts: tuple[Start, Start]) -> Iterator[str]:
    from_binaries, from_container = starts
    only_containers = os.environ.get("TEST_SERVERS") == "testcontainers"
    known = None if only_containers else os.environ.get(variable) or _listening(usual, ask)
    if known is not None:
        yield known
        return
    reasons: list[str] = []
    for start in (from_container,) if only_containers else (from_binaries, from_container):
        started = start(ask)
        try:
            url = started.__enter__()
        except NoServer as error:
            reasons.append(str(error))
            continue
        try:
            yield url
        finally:
            started.__exit__(None, None, None)
        return
    none_found(f"{variable} is not set; " + "; ".join(reasons))


def none_found(why: str) -> NoReturn:
    """Skip the test, or fail it where servers are required."""
    if os.environ.get("REQUIRE_SERVERS"):
        pytest.fail(f"REQUIRE_SERVERS is set, but there is no server: {why}", pytrace=False)
    pytest.skip(f"no server: {why}")


def _listening(usual: tuple[str, ...], ask: Callable[[str], None]) -> str | None:
    for url in usual:
        try:
            ask(url)
        except (OSError, TimeoutError, asyncpg.PostgresError, aio_pika.exceptions.AMQPError):
            continue
        return url
    return None


def ask_postgres(url: str) -> None:
    """Raise when no PostgreSQL server lets us in at this address."""

    async def ask() -> None:
        connection = await asyncpg.connect(url, timeout=5)
        await connection.close()

    run_apart(ask)


def ask_rabbitmq(url: str) -> None:
    """Raise when no broker lets us in at this address."""

    async def ask() -> None:
        connection = await aio_pika.connect(url, timeout=5)
        await connection.close()

    run_apart(ask)
