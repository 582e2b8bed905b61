"""Databases with all migrations of a service, for the tests that are not about migrations: made once, and copied."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

import asyncpg
from pydantic import SecretStr
from sqlalchemy import URL, make_url

from shared.db.migrate import Schema, upgrade

_FILES: dict[str, Path] = {}
_DATABASES: dict[tuple[str, str], str] = {}
"""Templates of this process, by server and schema."""
_FOLDER = tempfile.TemporaryDirectory(prefix="rollcall-templates-")


async def migrated(url: SecretStr, schema: Schema) -> None:
    """Bring an empty database to the newest revision, as `upgrade` does; one that is not empty is upgraded."""
    parsed = make_url(url.get_secret_value())
    if parsed.get_backend_name() == "sqlite":
        if not Path(str(parsed.database)).exists():  # noqa: ASYNC240 - a file of a test
            await _copy_file(str(parsed.database), schema)
    elif await _is_empty(parsed):
        await _copy_database(parsed, schema)
    await upgrade(url, schema)


async def _copy_file(target: str, schema: Schema) -> None:
    if schema.name not in _FILES:
        made = Path(_FOLDER.name) / f"{schema.name}.db"
        await upgrade(SecretStr(f"sqlite:///{made}"), schema)
        _FILES[schema.name] = made
    shutil.copy(_FILES[schema.name], target)


async def _copy_database(target: URL, schema: Schema) -> None:
    server = target.set(database="postgres")
    known = (_dsn(server), schema.name)
    if known not in _DATABASES:
        name = f"t{uuid4().hex[:16]}"
        await _command(server, f'CREATE DATABASE "{name}"')
        _DATABASES[known] = name
        await upgrade(SecretStr(target.set(database=name).render_as_string(hide_password=False)), schema)
    await _command(server, f'DROP DATABASE "{target.database}"', f'CREATE DATABASE "{target.database}" TEMPLATE "{_DATABASES[known]}"')


def drop_templates() -> None:
    """Drop what was made, where its server is still there: one that the tests had started is gone with it."""

    async def drop() -> None:
        for (server, _), name in _DATABASES.items():
            try:
                await _command(make_url(server), f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            except (OSError, asyncpg.PostgresError):
                continue

    asyncio.run(drop())
    _DATABASES.clear()
    _FOLDER.cleanup()


async def _is_empty(target: URL) -> bool:
    connection = await asyncpg.connect(_dsn(target), timeout=30)
    try:
        return not await connection.fetchval("SELECT count(*) FROM pg_stat_user_tables")
    finally:
        await connection.close()


async def _command(server: URL, *commands: str) -> None:
    connection = await asyncpg.connect(_dsn(server), timeout=30)
    try:
        for command in commands:
            await connection.execute(command)
    finally:
        await connection.close()


def _dsn(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
