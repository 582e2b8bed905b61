"""The books of a run: every page is counted once, and a run that does not balance is never called complete."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.notices.saying import say_run_ended
from connector.quarantine.configured import limits_of
from connector.quarantine.quarantine import note_end
from connector.runs.log import Entry, errors_entry, log_state, write_log
from connector.runs.phases import ENDED, SETTLING
from connector.runs.rewrites import approve_or_wait, give_up_staged
from connector.runs.runs import COUNTS, counts_of
from connector.runs.watermarks import move_watermarks
from connector.storable import storable
from connector.tables import RUN_ERRORS, RUN_PAGES, RUNS
from shared.api.runs import RunState
from shared.clock import now
from shared.events.syncs import PageApplied, Rejection, RunFinished
from shared.ids import new_id
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)

CHUNK = 500
"""Rows in one INSERT."""


async def enter_pages(unit: Unit, events: Sequence[PageApplied]) -> None:
    """Count pages that the mapper applied, each once; settle their run when they were the last thing waited for."""
    by_run: dict[UUID, list[PageApplied]] = {}
    for event in events:
        by_run.setdefault(event.run_id, []).append(event)
    for run_id, pages in by_run.items():
        expected = await _entered(unit.session, run_id, [event.page for event in pages])
        if len(expected) < len(pages):
            log.warning("pages_not_expected", run_id=str(run_id), pages=len(pages) - len(expected))
        entered = [event for event in pages if event.page in expected]
        if entered:
            await _count(unit.session, run_id, entered)
            await settle(unit, run_id)


async def _entered(session: AsyncSession, run_id: UUID, pages: Sequence[int]) -> set[int]:
    """Mark pages as applied; return those that were waited for."""
    waited_for = (RUN_PAGES.c.run_id == run_id, RUN_PAGES.c.page.in_(pages), RUN_PAGES.c.applied_at.is_(None))
    return set(await session.scalars(update(RUN_PAGES).where(*waited_for).values(applied_at=now()).returning(RUN_PAGES.c.page)))


async def _count(session: AsyncSession, run_id: UUID, pages: Sequence[PageApplied]) -> None:
    added = {name: RUNS.c[name] + sum(getattr(event.counts, name) for event in pages) for name in COUNTS}
    rejections = sum(len(event.rejections) for event in pages)
    added |= {"pages_applied": RUNS.c.pages_applied + len(pages), "errors": RUNS.c.errors + rejections}
    added["held_values"] = RUNS.c.held_values + sum(event.held_values for event in pages)
    await session.execute(update(RUNS).where(RUNS.c.id == run_id).values(added))
    for event in pages:
        if event.rejections:
            await enter_errors(session, run_id, event.page, event.rejections)
    await write_log(session, run_id, [Entry("applied", {"page": event.page, **_named(event)}) for event in pages])
    log.info("pages_entered", run_id=str(run_id), pages=len(pages), last=pages[-1].page, failed=rejections)


def _named(event: PageApplied) -> dict[str, int]:
    return {name: count for name, count in {**event.counts.model_dump(), "held_values": event.held_values}.items() if count}


async def enter_errors(session: AsyncSession, run_id: UUID, page: int, rejections: Sequence[Rejection]) -> None:
    """Keep the records that could not be applied, each with its reason."""
    for start in range(0, len(rejections), CHUNK):
        rows = [_error_row(run_id, page, rejection) for rejection in rejections[start : start + CHUNK]]
        await session.execute(insert(RUN_ERRORS), rows)
    await write_log(session, run_id, errors_entry(page, rejections))


async def settle(unit: Unit, run_id: UUID) -> None:
    """End the run if nothing is waited for any more and its books balance."""
    row = (await unit.session.execute(select(RUNS).where(RUNS.c.id == run_id).with_for_update())).first()
    if row is None or row.phase != SETTLING or row.pages_applied + row.pages_staged < row.pages:
        return
    if row.pages_staged and row.cancel_requested_at is None:
        await approve_or_wait(unit, row, SETTLING)
        return
    if row.pages_staged:
        row = await give_up_staged(unit, row)
    counted = counts_of(row).total
    if counted != row.fetched:
        await end(unit, row, "failed", _unbalanced(row.fetched, counted))
    elif row.cancel_requested_at is not None:
        await end(unit, row, "cancelled")
    elif row.errors or row.failed:
        await end(unit, row, "completed_with_errors")
    else:
        await end(unit, row, "completed" if row.fetched else "empty")


async def end(unit: Unit, row: Row[Any], state: RunState, error: dict[str, Any] | None = None, *, of_credential: bool = False) -> None:
    """Write how the run ended, and tell it. Does nothing when it has ended already."""
    statement = update(RUNS).where(RUNS.c.id == row.id, RUNS.c.ended_at.is_(None)).returning(RUNS)
    values = {"state": state, "phase": ENDED, "ended_at": now(), "lease_until": None, "error": storable(error)}
    ended = (await unit.session.execute(statement.values(values))).first()
    if ended is None:
        return
    await log_state(unit.session, ended.id, state, error=error, fetched=ended.fetched, requests=ended.requests, missing=ended.missing)
    await move_watermarks(unit.session, ended)
    await say_run_ended(unit.session, ended)
    if ended.mode == "apply" and ended.kind in {"full", "quick"}:
        await note_end(unit.session, limits_of(unit.parts), ended, of_credential=of_credential)
    unit.record(
        RunFinished(
            integration_id=ended.integration_id,
            run_id=ended.id,
            state=state,
            mode=ended.mode,
            counts=counts_of(ended),
            fetched=ended.fetched,
            missing=ended.missing,
            error=error,
        )
    )
    log.info("run_ended", run_id=str(ended.id), state=state, fetched=ended.fetched, code=(error or {}).get("code"))


def _unbalanced(fetched: int, counted: int) -> dict[str, Any]:
    return {
        "code": "books_do_not_balance",
        "message": f"{fetched} records were fetched, but {counted} are accounted for",
        "remedy": "Run the integration again; if it stays, report it with the run's correlation id.",
    }


def _error_row(run_id: UUID, page: int, rejection: Rejection) -> dict[str, Any]:
    return {
        "id": new_id(),
        "run_id": run_id,
        "page": page,
        "source_id": storable(rejection.source_id)[:200],
        "code": storable(rejection.code)[:100],
        "message": storable(rejection.message),
        "field": storable(rejection.field)[:200] if rejection.field else None,
        "remedy": storable(rejection.remedy),
        "record": storable(rejection.record),
    }


def as_rejections(rows: Iterable[Row[Any]]) -> list[Rejection]:
    """Return suspects (source_id, problem) of whom the source said neither yes nor no, as errors of the run."""
    return [
        Rejection(
            source_id=row.source_id,
            code="absence_not_proven",
            message=f"whether this user is gone could not be found out: {(row.problem or {}).get('message', 'no answer')}",
            remedy=(row.problem or {}).get("remedy") or "The next run asks again.",
        )
        for row in rows
    ]
