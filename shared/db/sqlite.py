"""Opening SQLite files: an opening that is interrupted leaves no file open, and every connection keeps what was committed."""

import asyncio
from typing import Any

import aiosqlite
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

BUSY_TIMEOUT_MS = 15_000
"""How long a writer waits for another one."""

_CLOSING: set[asyncio.Task[None]] = set()


async def open_connection(*args: Any, **options: Any) -> aiosqlite.Connection:
    """Open a connection in a thread of its own.

    The thread cannot be interrupted: whoever is cancelled while it opens the file would never learn of the connection, and nobody
    would close it. So it is waited for, and closed.
    """
    opening = asyncio.ensure_future(_connect(*args, **options))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        closing = asyncio.create_task(_close_once_open(opening))
        _CLOSING.add(closing)
        closing.add_done_callback(_CLOSING.discard)
        await asyncio.shield(closing)
        raise


async def _connect(*args: Any, **options: Any) -> aiosqlite.Connection:
    connection = aiosqlite.connect(*args, **options)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does: a process that fails must be able to end
    return await connection


async def _close_once_open(opening: asyncio.Future[aiosqlite.Connection]) -> None:
    await asyncio.wait([opening])
    if not opening.cancelled() and opening.exception() is None:
        await opening.result().close()


def tune(engine: AsyncEngine) -> None:
    """WAL, waiting writers, foreign keys, and our own BEGIN.

    synchronous is FULL: the files of two services must never disagree after a power cut, or an event that one of them
    has handed over could be lost by the other.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON", "synchronous=FULL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        reads_only = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
