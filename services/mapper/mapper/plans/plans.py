"""Plans as they are kept and shown."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.tables import LINKS, MAPPING_VERSIONS, PLAN_ITEMS, PLANS
from shared.api.plans import PlanAction, PlanItemOut, PlanOut, PlanOutcome
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import NotFound
from shared.events.sources import Provenance
from shared.http.paging import BadCursor, Page, decode_cursor, encode_cursor


class PlanNotFound(NotFound):
    """The run has no plan, or it is kept no longer."""

    code = "plan_not_found"


async def begun(session: AsyncSession, provenance: Provenance, mapping_version: int) -> Row[Any]:
    """Return the run's row, made if there is none yet, with how many records its integration has at that moment."""
    found = await _row(session, provenance.run_id)
    if found is None:
        values = {
            "run_id": provenance.run_id,
            "integration_id": provenance.integration_id,
            "mapping_version": mapping_version,
            "staging": provenance.mode == "plan",
            "existing": await _living(session, provenance.integration_id),
            "updated": 0,
            "planned_at": now(),
        }
        await session.execute(insert_for(session, PLANS).values(**values).on_conflict_do_nothing())
        found = await _row(session, provenance.run_id)
    assert found is not None  # noqa: S101 - it was written just above
    return found


async def read_plan(session: AsyncSession, run_id: UUID, kept: timedelta) -> PlanOut:
    """Return a plan, counted. Raises `PlanNotFound`."""
    row = await planned_run(session, run_id)
    newest = select(func.max(MAPPING_VERSIONS.c.version)).where(MAPPING_VERSIONS.c.integration_id == row.integration_id)
    counted = select(PLAN_ITEMS.c.action, PLAN_ITEMS.c.outcome, func.count().label("records")).where(PLAN_ITEMS.c.run_id == run_id)
    actions: dict[PlanAction, int] = {}
    outcomes: dict[PlanOutcome, int] = {}
    for action, outcome, records in await session.execute(counted.group_by(PLAN_ITEMS.c.action, PLAN_ITEMS.c.outcome)):
        actions[action] = actions.get(action, 0) + records
        if outcome is not None:
            outcomes[outcome] = outcomes.get(outcome, 0) + records
    return PlanOut(
        run_id=run_id,
        integration_id=row.integration_id,
        planned_at=row.planned_at,
        expires_at=row.planned_at + kept,
        mapping_version=row.mapping_version,
        current_mapping_version=await session.scalar(newest) or 0,
        actions=actions,
        outcomes=outcomes,
    )


async def list_items(
    session: AsyncSession,
    run_id: UUID,
    *,
    action: PlanAction | None,
    outcome: PlanOutcome | None,
    source_id: str | None,
    cursor: str | None,
    limit: int,
) -> Page[PlanItemOut]:
    """Return a plan's records in the order in which they were read. Raises `PlanNotFound`, `BadCursor`."""
    await planned_run(session, run_id)
    table = PLAN_ITEMS.c
    statement = select(PLAN_ITEMS).where(table.run_id == run_id).order_by(table.page, table.place).limit(limit + 1)
    for column, wanted in ((table.action, action), (table.outcome, outcome), (table.source_id, source_id)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if cursor is not None:
        page, place = _place_in(cursor)
        statement = statement.where((table.page > page) | ((table.page == page) & (table.place > place)))
    rows = (await session.execute(statement)).all()
    more = encode_cursor([str(rows[limit - 1].page), str(rows[limit - 1].place)]) if len(rows) > limit else None
    return Page(items=[PlanItemOut.model_validate(row) for row in rows[:limit]], next_cursor=more)


async def planned_run(session: AsyncSession, run_id: UUID) -> Row[Any]:
    """Return what is remembered of a run that has a plan. Raises `PlanNotFound`."""
    row = await _row(session, run_id)
    if row is None or not row.staging:
        remedy = "Ask for a run with mode plan; plans are kept for a few days."
        raise PlanNotFound(f"the run {run_id} has no plan, or it is kept no longer", remedy=remedy)
    return row


async def _row(session: AsyncSession, run_id: UUID) -> Row[Any] | None:
    return (await session.execute(select(PLANS).where(PLANS.c.run_id == run_id))).first()


async def _living(session: AsyncSession, integration_id: UUID) -> int:
    theirs = (LINKS.c.integration_id == integration_id, LINKS.c.deleted_at.is_(None), LINKS.c.missing_since.is_(None))
    return await session.scalar(select(func.count()).select_from(LINKS).where(*theirs)) or 0


def _place_in(cursor: str) -> tuple[int, int]:
    page, place = decode_cursor(cursor, 2)
    try:
        return int(page), int(place)
    except (TypeError, ValueError):
        raise BadCursor("the cursor belongs to another list") from None
