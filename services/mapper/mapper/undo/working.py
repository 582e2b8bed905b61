"""The worker that takes undos on, also those that a process left behind when it died."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from sqlalchemy.exc import DBAPIError

from mapper.undo.advancing import Progress, advance, unfinished
from shared.db.engine import Database
from shared.errors import AppError
from shared.observability.logging import get_logger
from shared.unit import Units

log = get_logger(__name__)

LOOK_EVERY = 60.0
"""How long a process waits to look for undos that another one left behind."""


@asynccontextmanager
async def undoing(database: Database, units: Units, asked: asyncio.Event) -> AsyncIterator[None]:
    """Work at undos inside the block: at once when one is asked for."""
    stop = asyncio.Event()
    working = asyncio.create_task(_work(database, units, asked, stop), name="undoing")
    try:
        yield
    finally:
        stop.set()
        asked.set()
        await working


async def _work(database: Database, units: Units, asked: asyncio.Event, stop: asyncio.Event) -> None:
    while not stop.is_set():
        asked.clear()
        await _work_off(database, units, stop)
        with suppress(TimeoutError):
            await asyncio.wait_for(asked.wait(), timeout=LOOK_EVERY)


async def _work_off(database: Database, units: Units, stop: asyncio.Event) -> None:
    """Work at each undo that is left. One that cannot go on now keeps no other waiting."""
    try:
        async with database.reading() as session:
            undos = await unfinished(session)
    except (DBAPIError, OSError) as error:
        log.warning("undos_not_read", error=type(error).__name__)
        return
    for undo_id in undos:
        progress: Progress = "more"
        try:
            while progress == "more" and not stop.is_set():
                progress = await units.do(partial(advance, undo_id=undo_id))
        except (DBAPIError, OSError, AppError) as error:
            log.warning("undo_step_failed", undo_id=str(undo_id), error=type(error).__name__)
