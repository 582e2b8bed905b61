"""What the mapper removes by itself, every hour: old plans, bulk edits and undos, losses, details of long ago, unused sync keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from sqlalchemy.exc import DBAPIError

from mapper.bulk_edits.retention import remove_old_edits
from mapper.guard.pruning import prune
from mapper.history.retention import Kept, compact
from mapper.matching.defining import forget_keys
from mapper.plans.retention import remove_old
from mapper.undo.retention import remove_lists
from shared.observability.logging import get_logger
from shared.unit import Units

log = get_logger(__name__)

LOOK_EVERY = 3600.0


@asynccontextmanager
async def tidied(units: Units, plans_kept: timedelta, history: Kept) -> AsyncIterator[None]:
    """Look at once and then every hour inside the block."""
    stop = asyncio.Event()
    looking = asyncio.create_task(_look(units, plans_kept, history, stop), name="retention")
    try:
        yield
    finally:
        stop.set()
        await looking


async def _look(units: Units, plans_kept: timedelta, history: Kept, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            plans, losses, edits = await remove_old(units, plans_kept), await prune(units), await remove_old_edits(units, plans_kept)
            undos, revisions = await remove_lists(units, plans_kept), await compact(units, history)
            keys = await forget_keys(units)
            if plans or losses or edits or undos or revisions or keys:
                log.info("old_rows_removed", plans=plans, losses=losses, bulk_edits=edits, undos=undos, revisions=revisions, sync_keys=keys)
        except (DBAPIError, OSError) as error:
            log.warning("old_rows_not_removed", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=LOOK_EVERY)
