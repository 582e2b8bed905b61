"""Following a run: its pages with their times, and its log."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.runs.log import MOST_ENTRIES
from connector.runs.runs import read_row
from connector.tables import RUN_LOG, RUN_PAGES
from shared.api.runs import RunLogEntry, RunPageOut
from shared.clock import now
from shared.http.paging import Page, decode_cursor, encode_cursor


async def list_pages(session: AsyncSession, run_id: UUID, cursor: str | None, limit: int) -> Page[RunPageOut]:
    """Return the pages of a run in their order. Raises `RunNotFound`, `BadCursor`."""
    await read_row(session, run_id)
    statement = select(RUN_PAGES).where(RUN_PAGES.c.run_id == run_id, RUN_PAGES.c.page > _after(cursor))
    rows = (await session.execute(statement.order_by(RUN_PAGES.c.page).limit(limit + 1))).all()
    return Page(items=[_page(row) for row in rows[:limit]], next_cursor=_next([row.page for row in rows], limit))


async def read_log(session: AsyncSession, run_id: UUID, cursor: str | None, limit: int) -> Page[RunLogEntry]:
    """Return a run's log, oldest first. Raises `RunNotFound`, `BadCursor`."""
    run = await read_row(session, run_id)
    statement = select(RUN_LOG).where(RUN_LOG.c.run_id == run_id, RUN_LOG.c.position > _after(cursor))
    rows = (await session.execute(statement.order_by(RUN_LOG.c.position).limit(limit + 1))).all()
    items = [RunLogEntry(at=row.at, kind=row.kind, correlation_id=run.correlation_id, details=row.details) for row in rows[:limit]]
    if len(rows) <= limit and run.log_entries >= MOST_ENTRIES:
        full = {"message": f"the log was full after {MOST_ENTRIES} entries; only states were added since"}
        items.append(RunLogEntry(at=run.ended_at or now(), kind="full", correlation_id=run.correlation_id, details=full))
    return Page(items=items, next_cursor=_next([row.position for row in rows], limit))


def _page(row: Row[Any]) -> RunPageOut:
    is_timed = row.applied_at is not None and row.committed_at is not None
    lag = round((row.applied_at - row.committed_at).total_seconds() * 1000) if is_timed else None
    # Two processes have two clocks: what the second one says may lie before what the first one said.
    return RunPageOut(
        page=row.page,
        kind=row.kind,
        records=row.records,
        fetched_at=row.fetched_at,
        fetch_ms=row.fetch_ms,
        committed_at=row.committed_at,
        applied_at=row.applied_at,
        applied_lag_ms=None if lag is None else max(0, lag),
    )


def _after(cursor: str | None) -> int:
    return 0 if cursor is None else int(decode_cursor(cursor, 1, int)[0])


def _next(positions: list[int], limit: int) -> str | None:
    return encode_cursor([positions[limit - 1]]) if len(positions) > limit else None
