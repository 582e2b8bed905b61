"""Asking the workflow engine which Begin rules more records would meet. No lock waits for it: what it says is noted afterwards."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.records.loading import drafts_of
from mapper.scope import Parts
from mapper.tables import FORECASTS, PLAN_ITEMS
from shared.clock import now
from shared.errors import AppError
from shared.events.records import Change, RecordType
from shared.ids import new_id

AT_ONCE = 500
UNKNOWN = "The workflow engine did not answer, so what this means to workflows is not known; none of them would start by itself."
MANY = "Sweeps by hand are not quiet: each would run for every record that meets its Begin rule, also for those that newly do."


async def ask_some(parts: Parts, row: Row[Any], actor: str) -> None:
    """Ask about the next records that would change; without an answer, say so and end."""
    async with parts.database.reading() as session:
        items = await _items(session, row)
        changes = await _changes(session, items)
    workflows, notes, values = dict(row.workflows), list(row.notes), dict[str, Any]()
    try:
        for record_type, some in changes.items():
            # One item may be about a person and a SaaS user: each kind is no longer than the items.
            for one in await parts.workflow_engine.matches(record_type, some, actor=actor):
                key, so_far = str(one.workflow_id), workflows.get(str(one.workflow_id), {"newly_matching": 0})
                counted = so_far["newly_matching"] + one.newly_matching
                workflows[key] = {**one.model_dump(mode="json"), "newly_matching": counted}
    except AppError:
        items, workflows = [], {}
        notes.append(UNKNOWN)
    if len(items) < AT_ONCE:
        if any(one["newly_matching"] for one in workflows.values()):
            notes.append(MANY)
        values = {"state": "done", "ended_at": now()}
    else:
        values = {"item_cursor": [items[-1].page, items[-1].place]}
    async with parts.units.begin(actor=actor) as unit:
        # Whoever else was at it has noted the same already.
        locked = select(FORECASTS.c.item_cursor, FORECASTS.c.state).where(FORECASTS.c.id == row.id).with_for_update()
        there = (await unit.session.execute(locked)).one_or_none()
        if there is not None and there.state == "asking" and there.item_cursor == row.item_cursor:
            mine = update(FORECASTS).where(FORECASTS.c.id == row.id)
            await unit.session.execute(mine.values({**values, "workflows": workflows, "notes": notes}))


async def _items(session: AsyncSession, row: Row[Any]) -> Sequence[Row[Any]]:
    page, place = row.item_cursor
    table = PLAN_ITEMS.c
    after = or_(table.page > page, and_(table.page == page, table.place > place))
    statement = select(PLAN_ITEMS).where(table.run_id == row.id, table.action.in_(("create", "update")), after)
    return (await session.execute(statement.order_by(table.page, table.place).limit(AT_ONCE))).all()


async def _changes(session: AsyncSession, items: Sequence[Row[Any]]) -> Mapping[RecordType, list[Change]]:
    """Return the changes as events would tell them."""
    wanted: dict[RecordType, set[UUID]] = defaultdict(set)
    for item in items:
        for kind in item.changes:
            if (record_id := getattr(item, f"{kind}_id")) is not None:
                wanted[kind].add(record_id)
    there = {kind: await drafts_of(session, kind, ids, lock=False) for kind, ids in wanted.items()}
    changes: dict[RecordType, list[Change]] = defaultdict(list)
    for item in items:
        for kind, pairs in item.changes.items():
            record_id = getattr(item, f"{kind}_id")
            before = there.get(kind, {}).get(record_id)
            if record_id is not None and before is None:
                continue
            if not pairs and before is not None:
                continue
            after = {**({} if before is None else before.fields), **{key: pair[1] for key, pair in pairs.items()}}
            fields = {key: (pair[0], pair[1]) for key, pair in pairs.items()}
            kind_of_change = "created" if before is None else "updated"
            change = Change(record_id=record_id or new_id(), revision=0, kind=cast("Any", kind_of_change), fields=fields, after=after)
            changes[kind].append(change)
    return changes
