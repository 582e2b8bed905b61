"""Routes of the plans."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from mapper.plans.plans import list_items, read_plan
from mapper.scope import InParts, InReading
from shared.api.plans import PlanAction, PlanItemOut, PlanOut, PlanOutcome
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page

router = APIRouter(prefix="/plans", tags=["plans"])


@router.get("/{run_id}")
async def read(run_id: UUID, session: InReading, parts: InParts) -> PlanOut:
    """Return a run's plan, counted."""
    return await read_plan(session, run_id, timedelta(days=parts.limits.plan_days))


@router.get("/{run_id}/items")
async def items(
    run_id: UUID,
    session: InReading,
    *,
    action: PlanAction | None = None,
    outcome: PlanOutcome | None = None,
    source_id: Annotated[str | None, Query(max_length=200)] = None,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE_SIZE,
) -> Page[PlanItemOut]:
    """Return a plan's records, and what would become of each."""
    return await list_items(session, run_id, action=action, outcome=outcome, source_id=source_id, cursor=cursor, limit=limit)
