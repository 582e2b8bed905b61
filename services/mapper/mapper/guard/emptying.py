"""Telling that a tray is empty again, once, however it came to be: decided on by somebody, or by who was seen again or lost.

Trays of a scope are counted, so that whoever hears of them late or twice knows which one is meant.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.guard.scopes import Scope, locked
from mapper.tables import GUARD_SCOPES, WITHHELD
from shared.events.records import TrayEmptied
from shared.observability.logging import get_logger
from shared.unit import Unit, Units

log = get_logger(__name__)

LOOK_EVERY = 5.0
"""Seconds: for so long a tray may be empty before that is told, when nobody has decided on it."""
AT_ONCE = 100
"""Scopes that one transaction holds."""


async def number_of_opened(session: AsyncSession, scope: Scope, moment: datetime) -> int:
    """Count the tray that has just been opened, of a scope that the caller holds; return which one it is."""
    opened = update(GUARD_SCOPES).where(GUARD_SCOPES.c.scope == scope.key).values(trays=GUARD_SCOPES.c.trays + 1, opened_at=moment)
    return int((await session.execute(opened.returning(GUARD_SCOPES.c.trays))).scalar_one())


async def tell_emptied(unit: Unit, scopes: Collection[str]) -> int:
    """Tell which of these scopes' trays are empty now and were not told to be. The caller holds them. Returns how many."""
    if not scopes:
        return 0
    rows = (await unit.session.execute(_empty().where(GUARD_SCOPES.c.scope.in_(scopes)))).all()
    for row in rows:
        unit.record(await _told(unit.session, row))
        await unit.session.execute(update(GUARD_SCOPES).where(GUARD_SCOPES.c.scope == row.scope).values(emptied=row.trays))
    return len(rows)


async def look(units: Units) -> int:
    """Tell of the trays that have become empty by themselves; return of how many."""
    async with units.database.reading() as session:
        scopes = [row.scope for row in await session.execute(_empty().order_by(GUARD_SCOPES.c.scope).limit(AT_ONCE))]
    if not scopes:
        return 0

    async def tell(unit: Unit) -> int:
        # Held before they are looked at again: a tray must not be told empty while somebody puts something into it.
        await locked(unit.session, map(Scope.stored, scopes))
        return await tell_emptied(unit, scopes)

    return await units.do(tell)


@asynccontextmanager
async def watched(units: Units) -> AsyncIterator[None]:
    """Look every few seconds inside the block."""
    stop = asyncio.Event()
    looking = asyncio.create_task(_watch(units, stop), name="trays")
    try:
        yield
    finally:
        stop.set()
        await looking


async def _watch(units: Units, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            while await look(units) == AT_ONCE and not stop.is_set():
                pass
        except (DBAPIError, OSError) as error:
            log.warning("trays_not_looked_at", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=LOOK_EVERY)


def _empty() -> Any:
    held = exists().where(WITHHELD.c.scope == GUARD_SCOPES.c.scope, WITHHELD.c.state == "held")
    return select(GUARD_SCOPES).where(GUARD_SCOPES.c.emptied < GUARD_SCOPES.c.trays, ~held)


async def _told(session: AsyncSession, row: Row[Any]) -> TrayEmptied:
    """Return what became of all that was put into the tray."""
    theirs = select(WITHHELD.c.state, func.count().label("entries")).where(WITHHELD.c.scope == row.scope)
    if row.opened_at is not None:
        theirs = theirs.where(WITHHELD.c.held_at >= row.opened_at)
    counts = {one.state: one.entries for one in await session.execute(theirs.group_by(WITHHELD.c.state))}
    scope = Scope.stored(row.scope)
    whose = {"saas_instance_id": scope.id} if scope.kind == "saas_instance" else {"integration_id": scope.id}
    became = {state: counts.get(state, 0) for state in ("released", "discarded", "moot")}
    return TrayEmptied(**whose, tray=row.trays, **became)
