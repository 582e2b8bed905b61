"""How long every revision is kept: older ones of one record melt into one for each period.

What a record came from and is, what happened to it (missing, returned, deactivated, deleted, removed), every proof, and the last
change of each field stay as they are, for ever: tombstones, certificates and the answer to *why?* rest on them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.records.loading import portions
from mapper.tables import COMPACTION, REVISIONS
from shared.clock import now
from shared.db.upsert import insert_for
from shared.events.records import Cause
from shared.unit import Unit, Units

AT_ONCE = 500
"""Revisions that one transaction looks at, with all others of their records."""
MOST_ROUNDS = 1_000
"""Transactions in one look; the next one goes on."""
MELTS = frozenset({"updated", "undone"})
"""Kinds of changes that say nothing but which values changed."""
THE_ONE = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """How long every revision is kept, and how long the periods are of which one is kept afterwards."""

    whole: timedelta
    period: timedelta

    def period_of(self, at: datetime) -> int:
        """Return the number of the period in which a moment lies."""
        return int(at.timestamp() // self.period.total_seconds())

    @property
    def horizon(self) -> datetime:
        """The moment before which revisions melt: the begin of a period, so that each melts as a whole."""
        return datetime.fromtimestamp(self.period_of(now() - self.whole) * self.period.total_seconds(), UTC)


@dataclass(slots=True)
class Melt:
    """Revisions that become one: the last of them, with the changes of all."""

    position: int
    changes: dict[str, Any]
    melted_from: datetime
    cause: dict[str, Any]
    origin: dict[str, Any]
    gone: list[int] = field(default_factory=list)


async def compact(units: Units, kept: Kept) -> int:
    """Melt what is old enough; return how many revisions went. Each transaction goes on where the last one ended, also after a crash."""
    removed = 0
    for _ in range(MOST_ROUNDS):
        gone = await units.do(lambda unit: _round(unit, kept))
        if gone is None:
            break
        removed += gone
    return removed


async def compacted_until(session: AsyncSession) -> datetime | None:
    """Return the moment before which revisions may have melted."""
    return await session.scalar(select(COMPACTION.c.until))


async def _round(unit: Unit, kept: Kept) -> int | None:
    """Look at some revisions and their records; return how many revisions went, None when nothing is left to look at."""
    session, horizon = unit.session, kept.horizon
    begin = await session.scalar(select(COMPACTION.c.position).with_for_update()) or 0
    columns = (REVISIONS.c.position, REVISIONS.c.at, REVISIONS.c.record_id)
    some = select(*columns).where(REVISIONS.c.position > begin).order_by(REVISIONS.c.position).limit(AT_ONCE)
    rows = []
    for row in await session.execute(some):
        if row.at >= horizon:
            break
        rows.append(row)
    if not rows:
        return None
    melts = await _melts(session, {row.record_id for row in rows}, kept, horizon)
    await _write(session, melts)
    await _note(session, rows[-1].position, horizon)
    return sum(len(melt.gone) for melt in melts)


async def _melts(session: AsyncSession, record_ids: set[UUID], kept: Kept, horizon: datetime) -> list[Melt]:
    of_records: dict[UUID, list[Row[Any]]] = {}
    columns = [column for column in REVISIONS.c if column.name != "correlation_id"]
    for portion in portions(record_ids):
        theirs = select(*columns).where(REVISIONS.c.record_type.in_(("person", "saas_user", "asset")), REVISIONS.c.record_id.in_(portion))
        for row in await session.execute(theirs.order_by(REVISIONS.c.record_id, REVISIONS.c.revision)):
            of_records.setdefault(row.record_id, []).append(row)
    return [melt for rows in of_records.values() for melt in melted(rows, kept, horizon)]


def melted(rows: Sequence[Any], kept: Kept, horizon: datetime) -> Iterator[Melt]:
    """Return what becomes of all revisions of one record, given in their order. Pure."""
    last_writers = {key: row.revision for row in rows for key in row.changes}
    needed = {rows[0].revision, rows[-1].revision, *last_writers.values()}
    group: list[Any] = []
    for row in (*rows, None):
        melts = row is not None and row.at < horizon and row.revision not in needed and row.kind in MELTS and row.proof is None
        if group and not (melts and kept.period_of(group[-1].at) == kept.period_of(row.at)):
            if len(group) > 1:
                yield _melt(group)
            group = []
        if melts:
            group.append(row)


def _melt(group: Sequence[Any]) -> Melt:
    changes: dict[str, Any] = {}
    for row in group:
        for key, (before, after) in row.changes.items():
            changes[key] = [changes.get(key, (before,))[0], after]
    number = sum((row.origin or {}).get("melted", 1) if row.melted_from is not None else 1 for row in group)
    since = group[0].melted_from or group[0].at
    detail = f"{number} changes from {since.isoformat()} to {group[-1].at.isoformat()} became one"
    return Melt(
        position=group[-1].position,
        changes={key: pair for key, pair in changes.items() if pair[0] != pair[1]},
        melted_from=since,
        cause=Cause(kind="compaction", id=str(group[-1].position), actor="retention", detail=detail).model_dump(),
        origin={"melted": number},
        gone=[row.position for row in group[:-1]],
    )


async def _write(session: AsyncSession, melts: Sequence[Melt]) -> None:
    if not melts:
        return
    for portion in portions([position for melt in melts for position in melt.gone]):
        await session.execute(delete(REVISIONS).where(REVISIONS.c.position.in_(portion)))
    names = ("changes", "melted_from", "cause", "origin")
    values = {"kind": "updated", **{name: bindparam(f"new_{name}", type_=REVISIONS.c[name].type) for name in names}}
    rows = [{"this": melt.position, **{f"new_{name}": getattr(melt, name) for name in names}} for melt in melts]
    await session.execute(update(REVISIONS).where(REVISIONS.c.position == bindparam("this")).values(values), rows)


async def _note(session: AsyncSession, position: int, until: datetime) -> None:
    noted = insert_for(session, COMPACTION).values(id=THE_ONE, position=position, until=until)
    values = {"position": noted.excluded.position, "until": noted.excluded.until}
    await session.execute(noted.on_conflict_do_update(index_elements=[COMPACTION.c.id], set_=values))
