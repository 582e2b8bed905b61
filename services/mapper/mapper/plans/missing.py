"""Who would be marked as missing: planned, and looked at again when the plan is applied."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.guard.losses import Loss
from mapper.plans.plans import begun
from mapper.plans.staging import missing_item
from mapper.records.loading import portions
from mapper.records.many import put
from mapper.tables import PLAN_ITEMS
from shared.clock import now
from shared.events.sources import Provenance

PAGE = 0
"""Where a plan keeps those whom no page showed."""


async def plan_missing(session: AsyncSession, provenance: Provenance, losses: Sequence[Loss], links: dict[str, Row[Any]]) -> None:
    """Keep who is proven absent, each with the proof; nobody is marked."""
    # Where nobody was read at all there is no plan yet to keep them with.
    await begun(session, provenance, 0)
    common = {"run_id": provenance.run_id, "page": PAGE, "fetched_at": now(), "outcome": None}
    rows = []
    for place, loss in enumerate(losses):
        link = links[loss.source_id or ""]
        rows.append({**common, "place": place, **missing_item(link, loss.proof or {}, seen_at(link))})
    await put(session, PLAN_ITEMS, rows)


async def still_missing(
    session: AsyncSession, plan_run_id: UUID, losses: Sequence[Loss], links: dict[str, Row[Any]], evidence: timedelta
) -> list[Loss]:
    """Return those who were planned, were not seen since, and whose proof is fresh enough; note what becomes of each."""
    theirs = (PLAN_ITEMS.c.run_id == plan_run_id, PLAN_ITEMS.c.page == PAGE, PLAN_ITEMS.c.outcome.is_(None))
    planned = {row.source_id: row.fingerprint for row in await session.execute(select(PLAN_ITEMS).where(*theirs))}
    oldest = now() - evidence
    still = [loss for loss in losses if _holds(loss, links, planned, oldest)]
    kept = {loss.source_id for loss in still}
    for outcome, source_ids in (("applied", kept), ("moved", planned.keys() - kept)):
        for portion in portions(source_ids):
            await session.execute(update(PLAN_ITEMS).where(*theirs, PLAN_ITEMS.c.source_id.in_(portion)).values(outcome=outcome))
    return still


def seen_at(link: Row[Any]) -> str:
    """Return when a user was last observed, as it is compared."""
    observed: datetime = link.last_observed_at
    return observed.isoformat()


def _holds(loss: Loss, links: dict[str, Row[Any]], planned: dict[str, str], oldest: datetime) -> bool:
    link = links[loss.source_id or ""]
    fresh = loss.proven_at is not None and loss.proven_at >= oldest
    return fresh and planned.get(link.source_id) == seen_at(link)
