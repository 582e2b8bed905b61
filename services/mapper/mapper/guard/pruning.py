"""The book of losses forgets what no window can count any more."""

from sqlalchemy import delete, select, tuple_

from mapper.guard.limits import LOSSES_KEPT
from mapper.tables import LOSSES
from shared.clock import now
from shared.unit import Units

AT_ONCE = 2_000
"""Rows in one transaction: whoever enters a loss does not wait long for it."""
MOST_ROUNDS = 500
"""Transactions in one look; the next one goes on."""


async def prune(units: Units) -> int:
    """Remove losses that are older than every window; return how many."""
    removed = 0
    key = list(LOSSES.primary_key.columns)
    some = select(*key).where(LOSSES.c.at < now() - LOSSES_KEPT).limit(AT_ONCE)
    for _ in range(MOST_ROUNDS):
        async with units.begin() as unit:
            gone = len((await unit.session.execute(delete(LOSSES).where(tuple_(*key).in_(some)).returning(LOSSES.c.key))).all())
        removed += gone
        if gone < AT_ONCE:
            break
    return removed
