"""Fresh, empty databases: one for each test that asks."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from tests.support.servers import run_apart


@pytest.fixture
def postgres_url(postgres_server: SecretStr) -> Iterator[SecretStr]:
    """Give the address of an empty PostgreSQL database; it is dropped afterwards, whoever is still connected."""
    name = f"t{uuid4().hex[:16]}"
    _command(postgres_server, f'CREATE DATABASE "{name}"')
    try:
        yield SecretStr(make_url(postgres_server.get_secret_value()).set(database=name).render_as_string(hide_password=False))
    finally:
        _command(postgres_server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def sqlite_url(tmp_path: Path) -> SecretStr:
    """Give the address of a SQLite file that does not exist yet."""
    return SecretStr(f"sqlite:///{tmp_path / 'service.db'}")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> SecretStr:
    """Give the address of an empty database; the test runs once on SQLite and once on PostgreSQL."""
    url: SecretStr = request.getfixturevalue(f"{request.param}_url")
    return url


def _command(server: SecretStr, command: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(server.get_secret_value(), timeout=30)
        try:
            await connection.execute(command)
        finally:
            await connection.close()

    run_apart(run)
