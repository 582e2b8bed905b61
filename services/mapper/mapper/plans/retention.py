"""How long plans, and who was held back by a filter, are kept: raw records of people must not lie about, and a plan is soon out of date."""

from datetime import timedelta

from sqlalchemy import delete, exists, select, tuple_

from mapper.tables import FILTERED, FORECASTS, PLAN_CLAIMS, PLAN_ITEMS, PLANS
from shared.clock import now
from shared.unit import Units

AT_ONCE = 2_000
"""Rows in one transaction."""
MOST_ROUNDS = 500
"""Transactions in one look; the next one goes on."""


async def remove_old(units: Units, kept: timedelta) -> int:
    """Remove who was held back long ago, what old plans hold, then the plans; return how many rows went."""
    removed = 0
    for _ in range(MOST_ROUNDS):
        gone = await _one_round(units, kept)
        removed += gone
        if gone == 0:
            break
    return removed


async def _one_round(units: Units, kept: timedelta) -> int:
    oldest = now() - kept
    old = select(PLANS.c.run_id).where(PLANS.c.planned_at < oldest)
    held_back = list(FILTERED.primary_key.columns)
    async with units.begin() as unit:
        some = select(*held_back).where(FILTERED.c.kept_at < oldest).limit(AT_ONCE)
        gone = (await unit.session.execute(delete(FILTERED).where(tuple_(*held_back).in_(some)).returning(FILTERED.c.run_id))).all()
        if gone:
            return len(gone)
        for table in (PLAN_ITEMS, PLAN_CLAIMS):
            key = list(table.primary_key.columns)
            some = select(*key).where(table.c.run_id.in_(old)).limit(AT_ONCE)
            gone = (await unit.session.execute(delete(table).where(tuple_(*key).in_(some)).returning(table.c.run_id))).all()
            if gone:
                return len(gone)
        some = select(FORECASTS.c.id).where(FORECASTS.c.asked_at < oldest).limit(AT_ONCE)
        gone = (await unit.session.execute(delete(FORECASTS).where(FORECASTS.c.id.in_(some)).returning(FORECASTS.c.id))).all()
        if gone:
            return len(gone)
        emptied = ~exists().where(PLAN_ITEMS.c.run_id == PLANS.c.run_id)
        some = old.where(emptied).limit(AT_ONCE)
        return len((await unit.session.execute(delete(PLANS).where(PLANS.c.run_id.in_(some)).returning(PLANS.c.run_id))).all())
