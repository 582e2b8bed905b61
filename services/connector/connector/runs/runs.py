"""Runs as asked for and as shown."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.integrations.integrations import Stored, stored_integration
from connector.integrations.states import FIRST, WrongState
from connector.runs.log import log_state
from connector.runs.phases import QUEUED
from connector.runs.progress import Speed, progress_of, speeds
from connector.runs.watermarks import watermarks
from connector.tables import RUN_ERRORS, RUNS
from shared.api.runs import RunErrorOut, RunKind, RunMode, RunOut
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, NotFound
from shared.events.syncs import PageCounts
from shared.http.paging import Page, encode_cursor, id_in
from shared.ids import new_id
from shared.unit import Unit

COUNTS = tuple(PageCounts.model_fields)
RUNS_IN = ("active",)
PLANNED_IN = ("active", "paused", "draft")
"""A plan changes no record: it may be made before the launch, and instead of resuming."""
READ_AT_THE_SOURCE = ("full", "quick")
"""Kinds of runs for which somebody asks the source. The others tell what is stored."""


class RunNotFound(NotFound):
    """No run has this id."""

    code = "run_not_found"


class RunInProgress(Conflict):
    """The integration has a run that has not ended."""

    code = "run_in_progress"


async def request_run(
    unit: Unit,
    integration_id: UUID,
    *,
    kind: RunKind = "full",
    mode: RunMode = "apply",
    replay_of: UUID | None = None,
    plan_of: UUID | None = None,
) -> RunOut:
    """Queue a run.

    Raises `RunInProgress` naming the one there is, `WrongState` unless the integration is active (a draft and a paused one may be
    planned, too), and `FullRunNeeded` for a quick run that has nothing to begin at.
    """
    session = unit.session
    stored = await stored_integration(session, integration_id, locked=True)
    if stored.row.state not in (PLANNED_IN if mode == "plan" else RUNS_IN):
        message = f"{stored.row.name!r} is {stored.row.state}, so it does not run"
        raise WrongState(message, remedy=f"{FIRST[stored.row.state]} Only an active integration runs.", code="integration_not_active")
    values: dict[str, Any] = {
        "id": new_id(),
        "integration_id": integration_id,
        "since": min((await watermarks(session, integration_id, stored.row.name)).values()) if kind == "quick" else None,
        "kind": kind,
        "mode": mode,
        "replay_of": replay_of,
        "plan_of": plan_of,
        "agent": stored.row.agent if kind in READ_AT_THE_SOURCE else None,
        "state": "queued",
        "phase": QUEUED,
        "correlation_id": unit.correlation_id,
        "requested_by": unit.actor[:200],
        "created_at": now(),
    }
    row = (await session.execute(insert_for(session, RUNS).values(**values).on_conflict_do_nothing().returning(RUNS))).first()
    if row is None:
        raise _in_progress(await _not_ended(session, integration_id), stored.row.name)
    await log_state(session, row.id, "queued", kind=kind, mode=mode, requested_by=unit.actor[:200])
    return shown(row)


async def read_run(session: AsyncSession, run_id: UUID) -> RunOut:
    """Return one run. Raises `RunNotFound`."""
    row = await read_row(session, run_id)
    return shown(row, (await speeds(session, [row])).get(run_id))


async def list_runs(session: AsyncSession, integration_id: UUID, cursor: str | None, limit: int) -> Page[RunOut]:
    """Return an integration's runs, newest first. Raises `IntegrationNotFound`, `BadCursor`."""
    await stored_integration(session, integration_id)
    statement = select(RUNS).where(RUNS.c.integration_id == integration_id).order_by(RUNS.c.id.desc()).limit(limit + 1)
    if cursor is not None:
        statement = statement.where(RUNS.c.id < id_in(cursor))
    rows = (await session.execute(statement)).all()
    speed = await speeds(session, rows[:limit])
    return Page(items=[shown(row, speed.get(row.id)) for row in rows[:limit]], next_cursor=_next(rows, limit))


async def list_errors(session: AsyncSession, run_id: UUID, cursor: str | None, limit: int) -> Page[RunErrorOut]:
    """Return the records of a run that could not be applied, in the order in which they were met. Raises `RunNotFound`, `BadCursor`."""
    await read_row(session, run_id)
    statement = select(RUN_ERRORS).where(RUN_ERRORS.c.run_id == run_id).order_by(RUN_ERRORS.c.id).limit(limit + 1)
    if cursor is not None:
        statement = statement.where(RUN_ERRORS.c.id > id_in(cursor))
    rows = (await session.execute(statement)).all()
    return Page(items=[RunErrorOut.model_validate(row) for row in rows[:limit]], next_cursor=_next(rows, limit))


def counts_of(row: Row[Any]) -> PageCounts:
    """Return a run's counts."""
    return PageCounts(**{name: getattr(row, name) for name in COUNTS})


def shown(row: Row[Any], speed: Speed | None = None) -> RunOut:
    """Return a run as the API shows it."""
    counts = counts_of(row)
    given = {"counts": counts, "notes": row.notes or [], "progress": progress_of(row, counts.total, speed)}
    return RunOut(**given, **{name: getattr(row, name) for name in RunOut.model_fields if name not in given})


async def read_row(session: AsyncSession, run_id: UUID) -> Row[Any]:
    """Return a run as it is stored. Raises `RunNotFound`."""
    row = (await session.execute(select(RUNS).where(RUNS.c.id == run_id))).first()
    if row is None:
        raise RunNotFound(f"there is no run {run_id}", remedy="List the integration's runs to see those there are.")
    return row


async def require_idle(session: AsyncSession, stored: Stored) -> None:
    """Raise `RunInProgress` when the integration has a run that has not ended."""
    if (current := await _not_ended(session, stored.row.id)) is not None:
        raise _in_progress(current, stored.row.name)


async def _not_ended(session: AsyncSession, integration_id: UUID) -> Row[Any, Any] | None:
    statement = select(RUNS.c.id, RUNS.c.state).where(RUNS.c.integration_id == integration_id, RUNS.c.ended_at.is_(None))
    return (await session.execute(statement)).first()


def _in_progress(current: Row[Any, Any] | None, name: str) -> RunInProgress:
    which = f"run {current.id} is {current.state}" if current is not None else "another run has just begun"
    return RunInProgress(
        f"{name!r} has a run that has not ended: {which}",
        remedy="Wait until it has ended or cancel it, then ask again.",
        fields=[{"field": "integration_id", "message": "has a run that has not ended"}],
        run_id=str(current.id) if current is not None else None,
    )


def _next(rows: Any, limit: int) -> str | None:
    return encode_cursor([str(rows[limit - 1].id)]) if len(rows) > limit else None
