"""Asking for an undo, and looking at one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.history.retention import compacted_until
from mapper.history.runs import wrote
from mapper.tables import APPLIED_RUNS, UNDO_ITEMS, UNDOS
from mapper.undo.advancing import ENDED
from shared.api.history import UndoAction, UndoItemOut, UndoOut, UndoOutcome
from shared.clock import now
from shared.errors import Conflict, NotFound
from shared.http.paging import Page, encode_cursor, id_in
from shared.ids import new_id
from shared.unit import Unit


class NothingToUndo(NotFound):
    """The run changed no record, or nothing is known of it."""

    code = "nothing_to_undo"


class UndoNotFound(NotFound):
    """No undo has this id."""

    code = "undo_not_found"


class UndoInProgress(Conflict):
    """An undo of the same run is at work."""

    code = "undo_in_progress"


class HistoryCompacted(Conflict):
    """The revisions are no longer kept one by one."""

    code = "history_compacted"


class NotMade(Conflict):
    """Only an undo that was made can be undone."""

    code = "undo_not_made"


async def ask_for_run(unit: Unit, run_id: UUID, *, applies: bool) -> UUID:
    """Begin to undo a run. Raises `NothingToUndo`, `HistoryCompacted`, `UndoInProgress`."""
    await _alone(unit.session, run_id)
    found = await wrote(unit.session, run_id)
    if found is None:
        raise NothingToUndo(f"the run {run_id} changed no record", remedy="Choose a run that added or updated something.")
    await _refuse_old(unit.session, found.began_at)
    target = {"undoes": run_id, "undoes_kind": "run", "root_run_id": run_id}
    of = {"integration_id": found.integration_id, "integration_name": found.integration_name}
    return await _begin(unit, {**target, **of}, found.first, found.last, applies=applies)


async def ask_for_undo(unit: Unit, undo_id: UUID, *, applies: bool) -> UUID:
    """Begin to undo an undo. Raises `UndoNotFound`, `NotMade`, `HistoryCompacted`, `UndoInProgress`."""
    row = await _row(unit.session, undo_id)
    if not row.applies or row.own_first is None or row.state != "done":
        raise NotMade("this undo changed nothing yet", remedy="Undo one that was applied, and that is done.")
    await _refuse_old(unit.session, row.asked_at)
    await _alone(unit.session, row.root_run_id)
    target = {"undoes": undo_id, "undoes_kind": "undo", "root_run_id": row.root_run_id}
    of = {"integration_id": row.integration_id, "integration_name": row.integration_name}
    return await _begin(unit, {**target, **of}, row.own_first, row.own_last, applies=applies)


async def _alone(session: AsyncSession, root_run_id: UUID) -> None:
    """Let whoever else asks for an undo of the same run wait until the transaction ends: then they see this one at work."""
    await session.execute(select(APPLIED_RUNS.c.run_id).where(APPLIED_RUNS.c.run_id == root_run_id).with_for_update())


async def _begin(unit: Unit, values: dict[str, Any], first: int, last: int, *, applies: bool) -> UUID:
    busy = select(UNDOS.c.id).where(UNDOS.c.root_run_id == values["root_run_id"], UNDOS.c.state.not_in(ENDED)).limit(1)
    if (other := await unit.session.scalar(busy)) is not None:
        raise UndoInProgress(f"the undo {other} of the same run is at work", remedy="Wait until it is done.")
    undo_id = new_id()
    row = {
        **values,
        "id": undo_id,
        "applies": applies,
        "state": "collecting",
        "position": first,
        "first_position": first,
        "last_position": last,
        "crossed": {},
        "asked_by": unit.actor,
        "asked_at": now(),
    }
    await unit.session.execute(insert(UNDOS).values(row))
    return undo_id


async def _refuse_old(session: AsyncSession, began_at: datetime) -> None:
    until = await compacted_until(session)
    if until is not None and began_at < until:
        raise HistoryCompacted(
            f"the history before {until.isoformat()} is compacted: what this changed is no longer kept one by one",
            remedy="Compare the records as they were with how they are, and change them by hand.",
        )


async def read_undo(session: AsyncSession, undo_id: UUID) -> UndoOut:
    """Return an undo, counted. Raises `UndoNotFound`."""
    row = await _row(session, undo_id)
    table = UNDO_ITEMS.c
    grouped = select(table.action, table.outcome, table.conflicted, func.count().label("records")).where(table.undo_id == undo_id)
    actions: dict[UndoAction, int] = {}
    outcomes: dict[UndoOutcome, int] = {}
    conflicts = 0
    for action, outcome, conflicted, records in await session.execute(grouped.group_by(table.action, table.outcome, table.conflicted)):
        if action is not None:
            actions[action] = actions.get(action, 0) + records
        if outcome is not None:
            outcomes[outcome] = outcomes.get(outcome, 0) + records
        conflicts += records if conflicted else 0
    return UndoOut(
        mode="apply" if row.applies else "plan",
        run_id=row.root_run_id,
        actions=actions,
        outcomes=outcomes,
        conflicts=conflicts,
        **{name: getattr(row, name) for name in ("id", "undoes", "undoes_kind", "integration_id", "integration_name")},
        **{name: getattr(row, name) for name in ("state", "asked_by", "asked_at", "ended_at", "crossed")},
    )


async def list_undo_items(
    session: AsyncSession, undo_id: UUID, *, action: UndoAction | None, conflicts: bool, cursor: str | None, limit: int
) -> Page[UndoItemOut]:
    """Return an undo's records. Raises `UndoNotFound`, `BadCursor`."""
    await _row(session, undo_id)
    table = UNDO_ITEMS.c
    statement = select(UNDO_ITEMS).where(table.undo_id == undo_id).order_by(table.record_id).limit(limit + 1)
    if action is not None:
        statement = statement.where(table.action == action)
    if conflicts:
        statement = statement.where(table.conflicted)
    if cursor is not None:
        statement = statement.where(table.record_id > id_in(cursor))
    rows = (await session.execute(statement)).all()
    more = encode_cursor([str(rows[limit - 1].record_id)]) if len(rows) > limit else None
    return Page(items=[_item(row) for row in rows[:limit]], next_cursor=more)


def _item(row: Row[Any]) -> UndoItemOut:
    """Return a record of an undo; one that is nobody's is kept under its own id, which is no person's."""
    item = UndoItemOut.model_validate(row)
    return item if item.record_type == "person" or item.person_id != item.record_id else item.model_copy(update={"person_id": None})


async def _row(session: AsyncSession, undo_id: UUID) -> Row[Any]:
    row = (await session.execute(select(UNDOS).where(UNDOS.c.id == undo_id))).one_or_none()
    if row is None:
        raise UndoNotFound(f"there is no undo {undo_id}", remedy="Use the id that the undo was given when it was asked for.")
    return row
