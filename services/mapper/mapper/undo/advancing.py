"""Taking an undo on by one step: each is one transaction, so that one that is cut off goes on where it stood."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.guard.losses import Loss, enter
from mapper.guard.scopes import locked
from mapper.guard.weighing import crossed
from mapper.history.runs import NEWEST
from mapper.records.loading import portions
from mapper.tables import REVISIONS, SAAS_USERS, UNDO_ITEMS, UNDOS
from mapper.undo.judging import judge
from mapper.undo.making import make, note, scope_of
from shared.clock import now
from shared.db.upsert import insert_for
from shared.events.records import Cause, RecordType
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)

REVISIONS_AT_ONCE = 1_000
PEOPLE_AT_ONCE = 300
ENDED = ("planned", "done")


Progress = Literal["more", "taken", "ended"]


async def advance(unit: Unit, undo_id: UUID) -> Progress:
    """Do one step; return whether more is left. Where another worker is at it (`taken`), nothing is done."""
    row = (await unit.session.execute(select(UNDOS).where(UNDOS.c.id == undo_id).with_for_update(skip_locked=True))).one_or_none()
    if row is None:
        return "taken"
    if row.state in ENDED:
        return "ended"
    values = await STEPS[row.state](unit, row)
    await unit.session.execute(update(UNDOS).where(UNDOS.c.id == undo_id).values(**values))
    if values.get("state") not in ENDED:
        return "more"
    log.info("undo_ended", undo_id=str(undo_id), state=values["state"], undoes=str(row.undoes))
    return "ended"


async def _collect(unit: Unit, undo: Row[Any]) -> dict[str, Any]:
    """Note the next records that the target changed."""
    table = REVISIONS.c
    mine = (table.position > undo.position, table.position <= undo.last_position, table.cause["id"].as_string() == str(undo.undoes))
    columns = (table.position, table.record_type, table.record_id, table.changes, table.origin)
    rows = (await unit.session.execute(select(*columns).where(*mine).order_by(table.position).limit(REVISIONS_AT_ONCE))).all()
    if not rows:
        return {"state": "judging", "person_cursor": None}
    owners = await _owners(unit.session, rows)
    items = {
        row.record_id: {
            "undo_id": undo.id,
            "record_id": row.record_id,
            "record_type": row.record_type,
            "person_id": owners.get(row.record_id, row.record_id),
            "fields": {},
            "conflicts": [],
            "conflicted": False,
        }
        for row in rows
    }
    await unit.session.execute(insert_for(unit.session, UNDO_ITEMS).on_conflict_do_nothing(), list(items.values()))
    return {"position": rows[-1].position}


async def _owners(session: AsyncSession, rows: Any) -> dict[UUID, UUID]:
    """Return the people of SaaS users, as they are, or as they were when they were removed; of assets, who had them, or has them now."""
    users = {row.record_id: row for row in rows if row.record_type == "saas_user"}
    found = {one: UUID(row.origin["row"]["columns"]["person_id"]) for one, row in users.items() if "row" in (row.origin or {})}
    found |= {one: UUID(row.changes["person_id"][1]) for one, row in users.items() if (row.changes.get("person_id") or (None, None))[1]}
    for portion in portions(users):
        there = await session.execute(select(SAAS_USERS.c.id, SAAS_USERS.c.person_id).where(SAAS_USERS.c.id.in_(portion)))
        found |= {row.id: row.person_id for row in there}
    given = {row.record_id: row.changes["person_id"] for row in rows if row.record_type == "asset" and "person_id" in row.changes}
    return found | {one: UUID(owner) for one, pair in given.items() if (owner := pair[1] or pair[0])}


async def _next_people(session: AsyncSession, undo: Row[Any], open_only: str) -> list[UUID]:
    table = UNDO_ITEMS.c
    statement = select(table.person_id).where(table.undo_id == undo.id, table[open_only].is_(None)).distinct()
    if undo.person_cursor is not None:
        statement = statement.where(table.person_id > undo.person_cursor)
    return list(await session.scalars(statement.order_by(table.person_id).limit(PEOPLE_AT_ONCE)))


async def _judge(unit: Unit, undo: Row[Any]) -> dict[str, Any]:
    people = await _next_people(unit.session, undo, "action")
    if not people:
        return {"state": "weighing", "person_cursor": None}
    await note(unit, undo, await judge(unit.session, undo, people, open_only="action"), (), done=False)
    return {"person_cursor": people[-1]}


async def _weigh(unit: Unit, undo: Row[Any]) -> dict[str, Any]:
    """Ask the guard about all removals of the undo at once: they pass together in each scope, or wait together."""
    removals: dict[str, dict[UUID, RecordType]] = {}
    theirs = (UNDO_ITEMS.c.undo_id == undo.id, UNDO_ITEMS.c.action == "remove", UNDO_ITEMS.c.scope.is_not(None))
    columns = (UNDO_ITEMS.c.scope, UNDO_ITEMS.c.record_id, UNDO_ITEMS.c.record_type)
    for scope, record_id, record_type in await unit.session.execute(select(*columns).where(*theirs)):
        removals.setdefault(scope, {})[record_id] = record_type
    await locked(unit.session, map(scope_of, removals))
    over = {key: await crossed(unit.session, unit.parts.limits, scope_of(key), ids.keys()) for key, ids in removals.items()}
    told = {key: one.model_dump() for key, one in over.items() if one is not None}
    if not undo.applies:
        return {"state": "planned", "crossed": told, "ended_at": now()}
    for key, ids in removals.items():
        if key not in told:
            # Counted from now on, as any leave is: what is lost by others while the undo is at work adds to it.
            for portion in portions(ids):
                await enter(unit.session, [_counted(undo, key, ids[one], one) for one in portion])
    return {"state": "applying", "crossed": told, "own_first": NEWEST, "own_last": NEWEST, "person_cursor": None}


def _counted(undo: Row[Any], key: str, record_type: RecordType, record_id: UUID) -> Loss:
    cause = Cause(kind="undo", id=str(undo.id), actor=undo.asked_by)
    return Loss(scope=scope_of(key), record_type=record_type, record_id=record_id, kind="removed", key=str(undo.id), cause=cause)


async def _apply(unit: Unit, undo: Row[Any]) -> dict[str, Any]:
    # The scopes before the records, as everybody who may put something into a tray.
    await locked(unit.session, map(scope_of, undo.crossed))
    people = await _next_people(unit.session, undo, "outcome")
    if not people:
        return {"state": "done", "ended_at": now(), "own_last": NEWEST}
    await make(unit, undo, people)
    return {"person_cursor": people[-1], "own_last": NEWEST}


STEPS: Mapping[str, Callable[[Unit, Row[Any]], Awaitable[dict[str, Any]]]] = {
    "collecting": _collect,
    "judging": _judge,
    "weighing": _weigh,
    "applying": _apply,
}


async def unfinished(session: AsyncSession) -> list[UUID]:
    """Return the undos that are at work, the oldest first."""
    return list(await session.scalars(select(UNDOS.c.id).where(UNDOS.c.state.not_in(ENDED)).order_by(UNDOS.c.asked_at)))
