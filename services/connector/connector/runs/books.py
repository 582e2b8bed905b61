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


async def enter_page(unit: Unit, event: PageApplied) -> None:
    """Count a page that the mapper applied, once; settle the run when it was the last thing waited for."""
    page = update(RUN_PAGES).where(RUN_PAGES.c.run_id == event.run_id, RUN_PAGES.c.page == event.page, RUN_PAGES.c.applied_at.is_(None))
    entered = (await unit.session.execute(page.values(applied_at=now()).returning(RUN_PAGES.c.records))).first()
    if entered is None:
        log.warning("page_not_expected", run_id=str(event.run_id), page=event.page)
        return
    added = {name: RUNS.c[name] + getattr(event.counts, name) for name in COUNTS}
    added |= {"pages_applied": RUNS.c.pages_applied + 1, "errors": RUNS.c.errors + len(event.rejections)}
    await unit.session.execute(update(RUNS).where(RUNS.c.id == event.run_id).values(added))
    await enter_errors(unit.session, event.run_id, event.page, event.rejections)
    counts = {name: count for name, count in event.counts.model_dump().items() if count}
    await write_log(unit.session, event.run_id, [Entry("applied", {"page": event.page, **counts})])
    log.info("page_entered", run_id=str(event.run_id), page=event.page, failed=event.counts.failed)
    await settle(unit, event.run_id)


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
