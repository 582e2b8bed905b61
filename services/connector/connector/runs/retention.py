"""How long runs and raw records are kept. What is older is removed set by set, so that nobody waits long for it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Executable, Table, and_, delete, exists, or_, select, tuple_, update

from connector.runs.watermarks import LOADED, LOADING
from connector.settings import ConnectorSettings
from connector.tables import RUN_ERRORS, RUN_LOG, RUN_PAGES, RUN_SUSPECTS, RUNS
from shared.clock import now
from shared.observability.logging import get_logger
from shared.unit import Units

log = get_logger(__name__)

AT_ONCE = 2_000
"""Rows in one transaction."""
MOST_ROUNDS = 25
"""Transactions for one kind of row in one tidying; the next one goes on."""
PARTS = (RUN_PAGES, RUN_ERRORS, RUN_LOG, RUN_SUSPECTS)


async def remove_old(units: Units, settings: ConnectorSettings) -> None:
    """Remove raw records, then what belongs to old runs, then those runs."""
    moment = now()
    records_before = moment - timedelta(days=settings.keep_records_days)
    runs_before = moment - timedelta(days=settings.keep_runs_days)
    for table in (RUN_ERRORS, RUN_SUSPECTS):
        await _in_rounds(units, table, "records", partial(_without_records, table, records_before))
    for table in PARTS:
        await _in_rounds(units, table, "rows", partial(_without_rows, table, runs_before))
    await _in_rounds(units, RUNS, "rows", partial(_without_runs, runs_before))


async def _in_rounds(units: Units, table: Table, what: str, statement: Callable[[int], Executable]) -> None:
    removed = 0
    for _ in range(MOST_ROUNDS):
        async with units.begin() as unit:
            latest = cast("CursorResult[Any]", await unit.session.execute(statement(AT_ONCE))).rowcount
        removed += latest
        if latest < AT_ONCE:
            break
    if removed:
        log.info("old_runs_tidied", table=table.name, what=what, removed=removed)


def _without_records(table: Table, before: datetime, limit: int) -> Executable:
    old = _of(table, and_(RUNS.c.ended_at < before, table.c.record.is_not(None)), limit)
    return update(table).where(_key(table).in_(old)).values(record=None)


def _without_rows(table: Table, before: datetime, limit: int) -> Executable:
    return delete(table).where(_key(table).in_(_of(table, _old(before), limit)))


def _without_runs(before: datetime, limit: int) -> Executable:
    emptied = [~exists().where(table.c.run_id == RUNS.c.id) for table in PARTS]
    return delete(RUNS).where(RUNS.c.id.in_(select(RUNS.c.id).where(_old(before), *emptied).limit(limit)))


def _of(table: Table, condition: ColumnElement[bool], limit: int) -> Any:
    return select(*table.primary_key.columns).join(RUNS, RUNS.c.id == table.c.run_id).where(condition).limit(limit)


def _old(before: datetime) -> ColumnElement[bool]:
    """Whether a run is old, and not the last full one that was read to its end: that one says that there was a first load."""
    later = RUNS.alias("later")
    same = and_(later.c.integration_id == RUNS.c.integration_id, later.c.created_at > RUNS.c.created_at)
    is_loaded = [and_(table.c.kind.in_(LOADING), table.c.mode == "apply", table.c.state.in_(LOADED)) for table in (RUNS, later)]
    return and_(RUNS.c.ended_at < before, or_(~is_loaded[0], exists().where(same, is_loaded[1])))


def _key(table: Table) -> Any:
    columns = list(table.primary_key.columns)
    return columns[0] if len(columns) == 1 else tuple_(*columns)
