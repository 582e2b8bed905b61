"""PostgreSQL and RabbitMQ for a benchmark: addresses from the environment, else binaries started with their default settings."""

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import asyncpg
import psutil
from sqlalchemy import make_url

from tests.support import server_binaries
from tests.support.servers import ask_postgres, ask_rabbitmq


@contextmanager
def postgres_server() -> Iterator[str]:
    """Give the address of a PostgreSQL server."""
    with ExitStack() as started:
        yield os.environ.get("TEST_POSTGRES_URL") or started.enter_context(server_binaries.postgres(ask_postgres, settings=()))


@contextmanager
def servers() -> Iterator[tuple[str, str]]:
    """Give the addresses of a PostgreSQL server and a RabbitMQ broker."""
    with ExitStack() as started:
        postgres = started.enter_context(postgres_server())
        rabbitmq = os.environ.get("TEST_RABBITMQ_URL") or started.enter_context(server_binaries.rabbitmq(ask_rabbitmq))
        yield postgres, rabbitmq


async def new_database(postgres_url: str) -> str:
    """Make a new database on the server and return its address."""
    name = f"bench_{secrets.token_hex(4)}"
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def temporary_database(postgres_url: str) -> Iterator[str]:
    """Give the address of a new database that ends with the block: those of earlier rounds take no room on the disk."""
    url = asyncio.run(new_database(postgres_url))
    try:
        yield url
    finally:
        asyncio.run(_drop(postgres_url, str(make_url(url).database)))


def postgres_process(postgres_url: str) -> psutil.Process | None:
    """Return a server's first process, whose children are all others; None when it is not on this machine."""
    try:
        main = psutil.Process(asyncio.run(_backend(postgres_url))).parent()
    except psutil.NoSuchProcess:
        return None
    return main if main is not None and main.name().startswith("postgres") else None


async def _backend(postgres_url: str) -> int:
    connection = await asyncpg.connect(postgres_url)
    try:
        return int(await connection.fetchval("SELECT pg_backend_pid()"))
    finally:
        await connection.close()


async def _drop(postgres_url: str, name: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()
