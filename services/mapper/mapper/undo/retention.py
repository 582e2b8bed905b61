"""How long the list of an undo's records is kept: it holds what people are called, and the revisions say what was done."""

from datetime import timedelta

from sqlalchemy import delete, select, tuple_

from mapper.tables import UNDO_ITEMS, UNDOS
from shared.clock import now
from shared.unit import Units

AT_ONCE = 2_000
"""Rows in one transaction."""
MOST_ROUNDS = 500


async def remove_lists(units: Units, kept: timedelta) -> int:
    """Remove the lists of undos that ended long ago; return how many rows went. The undos themselves stay, and can be undone."""
    key = list(UNDO_ITEMS.primary_key.columns)
    old = select(UNDOS.c.id).where(UNDOS.c.ended_at < now() - kept)
    some = select(*key).where(UNDO_ITEMS.c.undo_id.in_(old)).limit(AT_ONCE)
    removed = 0
    for _ in range(MOST_ROUNDS):
        async with units.begin() as unit:
            gone = len((await unit.session.execute(delete(UNDO_ITEMS).where(tuple_(*key).in_(some)).returning(UNDO_ITEMS.c.undo_id))).all())
        removed += gone
        if gone < AT_ONCE:
            break
    return removed
