"""How much of its records a run rewrites: beyond a first few, its pages are held back until all of it is known."""

from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.mappings.compiled import Compiled
from mapper.plans.plans import begun
from mapper.tables import PLANS
from shared.events.sources import Provenance
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)


async def is_staging(session: AsyncSession, provenance: Provenance) -> bool:
    """Return whether the run's pages are written down instead of applied."""
    if provenance.mode == "plan":
        return True
    if _is_trusted(provenance):
        return False
    row = await session.execute(select(PLANS.c.staging).where(PLANS.c.run_id == provenance.run_id))
    return bool(row.scalar())


async def may_rewrite(unit: Unit, provenance: Provenance, compiled: Compiled, updates: int) -> bool:
    """Count the updates of several pages and return True; where they are more than a run makes unasked, count none and return False."""
    if not updates or _is_trusted(provenance):
        return True
    row = await begun(unit.session, provenance, compiled.version)
    total = row.updated + updates
    if _is_too_much(unit, row, total):
        return False
    await unit.session.execute(update(PLANS).where(PLANS.c.run_id == provenance.run_id).values(updated=total))
    return True


async def rewrites_too_much(unit: Unit, provenance: Provenance, compiled: Compiled, updates: int) -> bool:
    """Count a page's updates; return whether they, with those before, are more than a run makes before it is looked at as a whole."""
    if not updates or _is_trusted(provenance):
        return False
    row: Row[Any] = await begun(unit.session, provenance, compiled.version)
    total = row.updated + updates
    staging = _is_too_much(unit, row, total)
    values = {"staging": True} if staging else {"updated": total}
    await unit.session.execute(update(PLANS).where(PLANS.c.run_id == provenance.run_id).values(values))
    if staging:
        log.warning("run_rewrites_much", run_id=str(provenance.run_id), updates=total, existing=row.existing)
    return staging


def _is_too_much(unit: Unit, row: Row[Any], total: int) -> bool:
    return bool(row.existing > 0 and total > unit.parts.limits.probation(row.existing))


def _is_trusted(provenance: Provenance) -> bool:
    """Return whether somebody asked for just these records: a replay, or a plan that was looked at."""
    return provenance.replayed or provenance.plan_run_id is not None or provenance.initial
