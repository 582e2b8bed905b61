"""One call of the API, and the statements that it needed of the mapper's database, each timed in turn."""

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
from sqlalchemy import event, make_url

from shared.db.engine import Database

ROUNDS = 15


@dataclass(frozen=True, slots=True)
class Measured:
    """Median milliseconds of a call, and of its statements on a bare connection."""

    call: float
    statements: float


@dataclass(frozen=True, slots=True)
class Listener:
    """Asks the API and knows what the mapper asks its database."""

    http: httpx.AsyncClient
    database: Database
    url: str

    async def measured(self, **params: Any) -> Measured:
        """Measure the list of People with these query parameters."""
        with self._heard() as statements:
            answer = await self.http.get("/api/v1/people", params=params)
            answer.raise_for_status()
        bare = self._on_postgres if self.database.is_postgres else self._on_sqlite
        return Measured(await _median(lambda: self.http.get("/api/v1/people", params=params)), await bare(list(statements)))

    @contextmanager
    def _heard(self) -> Iterator[list[tuple[str, Any]]]:
        statements: list[tuple[str, Any]] = []

        def hear(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
            if statement.startswith("SELECT"):
                statements.append((statement, values))

        event.listen(self.database.engine.sync_engine, "before_cursor_execute", hear)
        try:
            yield statements
        finally:
            event.remove(self.database.engine.sync_engine, "before_cursor_execute", hear)

    async def _on_postgres(self, statements: list[tuple[str, Any]]) -> float:
        plain = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(plain, server_settings={"search_path": self.database.name})
        try:

            async def run() -> None:
                for statement, values in statements:
                    await connection.fetch(statement, *values)

            return await _median(run)
        finally:
            await connection.close()

    async def _on_sqlite(self, statements: list[tuple[str, Any]]) -> float:
        connection = sqlite3.connect(make_url(self.url).database or "", check_same_thread=False)
        try:

            async def run() -> None:
                for statement, values in statements:
                    await asyncio.to_thread(_fetched, connection, statement, values)

            return await _median(run)
        finally:
            connection.close()


def _fetched(connection: sqlite3.Connection, statement: str, values: Any) -> list[Any]:
    return connection.execute(statement, values).fetchall()


async def _median(run: Callable[[], Awaitable[Any]]) -> float:
    """Return the median of some rounds in milliseconds; the first two warm up, and what is slow is done less often."""
    times: list[float] = []
    for turn in range(ROUNDS):
        started = time.perf_counter()
        await run()
        if turn > 1:
            times.append(1000 * (time.perf_counter() - started))
        if sum(times) > 20_000:
            break
    return statistics.median(times)
