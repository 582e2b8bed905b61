"""PostgreSQL and RabbitMQ for a benchmark: addresses from the environment, else binaries started with their default settings."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.support import server_binaries
from tests.support.servers import ask_postgres, ask_rabbitmq


@contextmanager
def servers() -> Iterator[tuple[str, str]]:
    """Give the addresses of a PostgreSQL server and a RabbitMQ broker."""
    with ExitStack() as started:
        postgres = os.environ.get("TEST_POSTGRES_URL") or started.enter_context(server_binaries.postgres(ask_postgres, settings=()))
        rabbitmq = os.environ.get("TEST_RABBITMQ_URL") or started.enter_context(server_binaries.rabbitmq(ask_rabbitmq))
        yield postgres, rabbitmq
