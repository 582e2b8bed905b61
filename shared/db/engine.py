"""Opening a service's database: a PostgreSQL schema of its own, or a SQLite file of its own."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretStr
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import QueuePool

from shared.db.sqlite import open_connection, tune
from shared.errors import Invalid

LONGEST_RETURN = 2.0
"""Seconds in which connections are back from work that was cancelled."""


class BadDatabaseUrl(Invalid):
    """A database URL names neither PostgreSQL nor SQLite."""

    code = "bad_database_url"


@dataclass(frozen=True, slots=True)
class Database:
    """A service's database. `writes` takes the write lock at once (SQLite); `reads` never waits for a writer."""

    name: str
    engine: AsyncEngine
    writes: async_sessionmaker[AsyncSession]
    reads: async_sessionmaker[AsyncSession]

    @property
    def is_postgres(self) -> bool:
        """Whether this is PostgreSQL."""
        return self.engine.dialect.name == "postgresql"

    async def check(self) -> None:
        """Raise when the database does not answer."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Give a session that only reads."""
        async with self.reads() as session:
            yield session


def engine_for(url: SecretStr, schema: str) -> AsyncEngine:
    """Return an engine bound to `schema` on PostgreSQL, or to a SQLite file in WAL mode. Raises `BadDatabaseUrl`."""
    parsed = make_url(url.get_secret_value())
    if parsed.get_backend_name() == "postgresql":
        return create_async_engine(
            parsed.set(drivername="postgresql+asyncpg"),
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=8,
            hide_parameters=True,  # an error's text goes to the log; what people typed must not
            json_serializer=_dump,
            json_deserializer=orjson.loads,
            connect_args={"server_settings": {"search_path": schema, "application_name": f"rollcall-{schema}"}, "timeout": 10},
        )
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            _make_private(Path(parsed.database))
        engine = create_async_engine(
            parsed.set(drivername="sqlite+aiosqlite"),
            hide_parameters=True,
            json_serializer=_dump,
            json_deserializer=_load,
            connect_args={"async_creator_fn": open_connection},
        )
        tune(engine)
        return engine
    raise BadDatabaseUrl(
        f"the database URL of {schema} names {parsed.get_backend_name()!r}",
        remedy="Use postgresql://user:password@host/database or sqlite:///path/to/file.",
    )


@asynccontextmanager
async def opened(url: SecretStr, schema: str) -> AsyncIterator[Database]:
    """Give the database of the service that owns `schema`; every connection is closed at the end."""
    engine = engine_for(url, schema)
    try:
        yield Database(
            name=schema,
            engine=engine,
            writes=async_sessionmaker(engine, expire_on_commit=False),
            reads=async_sessionmaker(engine.execution_options(reads_only=True), expire_on_commit=False),
        )
    finally:
        await _all_returned(engine)
        await engine.dispose()


async def _all_returned(engine: AsyncEngine) -> None:
    """Wait a little for SQLite's connections that are still on their way back: of work that was cancelled, a session closes beside it.

    Disposing closes those that are back; the thread and the file of one that came later would stay. PostgreSQL's need nobody to wait.
    """
    pool = engine.pool if engine.dialect.name == "sqlite" else None
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_RETURN):
            while isinstance(pool, QueuePool) and pool.checkedout():  # noqa: ASYNC110 - the pool says it to nobody
                await asyncio.sleep(0.005)


def _make_private(path: Path) -> None:
    """Make a SQLite file that only its owner may read, if it is not there: SQLite gives its -wal and -shm files the same mode.

    One that is there keeps its mode, which may be somebody's choice. What cannot be made is for SQLite to say.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _dump(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def _load(stored: Any) -> Any:
    """Return a JSON value as it was. A bare number comes back from SQLite as a number: that is what its columns of type JSON make of it."""
    return orjson.loads(stored) if isinstance(stored, str | bytes) else stored


async def ensure_schema(connection: AsyncConnection, schema: str) -> None:
    """Create the service's schema on PostgreSQL if it is not there; SQLite has none."""
    if connection.dialect.name == "postgresql":
        exists = await connection.scalar(text("SELECT 1 FROM information_schema.schemata WHERE schema_name = :name"), {"name": schema})
        if not exists:
            await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
