"""The budget of each scope, in the database: every replica takes its permits from the same row."""

from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import override

from connector.rates.limits import Policy, Spent
from connector.rates.waiting import REAL_TIME, Timing, WaitedFor
from connector.tables import RATE_BUDGETS
from shared.clock import now
from shared.db.upsert import insert_for
from shared.unit import Units


class Rates(WaitedFor):
    """Permits that all replicas share."""

    def __init__(self, units: Units, policy: Policy, timing: Timing = REAL_TIME) -> None:
        super().__init__(policy, timing)
        self._units = units

    @override
    async def _change(self, scope: str, change: Callable[[Spent], tuple[float, Spent]]) -> float:
        async with self._units.begin() as unit:
            seconds, after = change(await _locked(unit.session, scope))
            await _store(unit.session, scope, after)
        return seconds


async def spent_by_scope(session: AsyncSession) -> dict[str, Spent]:
    """Return what every scope has spent."""
    rows = await session.execute(select(RATE_BUDGETS.c.scope, RATE_BUDGETS.c.spent).order_by(RATE_BUDGETS.c.scope))
    return {scope: Spent.stored(spent) for scope, spent in rows}


async def _locked(session: AsyncSession, scope: str) -> Spent:
    """Return what the scope has spent; nobody else reads or changes it until the transaction ends."""
    mine = select(RATE_BUDGETS.c.spent).where(RATE_BUDGETS.c.scope == scope).with_for_update()
    stored = await session.scalar(mine)
    if stored is None:
        new = insert_for(session, RATE_BUDGETS).values(scope=scope, spent=Spent().as_json(), updated_at=now())
        await session.execute(new.on_conflict_do_nothing())
        stored = await session.scalar(mine)
    return Spent.stored(stored or {})


async def _store(session: AsyncSession, scope: str, spent: Spent) -> None:
    await session.execute(update(RATE_BUDGETS).where(RATE_BUDGETS.c.scope == scope).values(spent=spent.as_json(), updated_at=now()))
