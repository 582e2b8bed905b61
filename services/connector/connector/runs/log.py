"""The log of a run: what happened, in the order in which it was written. It holds no record of a source, and is bounded."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.sources.incidents import taken
from connector.storable import storable
from connector.tables import RUN_LOG, RUNS
from shared.clock import now
from shared.events.syncs import Rejection

MOST_ENTRIES = 50_000
"""Entries of one run, but for its states: a million users on ten thousand pages fit in."""
NAMED = 10
"""Errors of a page that its entry names; the run's list of errors has them all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened in a run."""

    kind: str
    details: dict[str, Any]
    at: datetime = field(default_factory=now)


async def write_log(session: AsyncSession, run_id: UUID, entries: Sequence[Entry]) -> None:
    """Add entries, as far as the log has room for them."""
    if not entries:
        return
    counted = update(RUNS).where(RUNS.c.id == run_id, RUNS.c.log_entries < MOST_ENTRIES)
    room = await session.execute(counted.values(log_entries=RUNS.c.log_entries + len(entries)).returning(RUNS.c.log_entries))
    counted_now = room.scalar()
    if counted_now is not None:
        await _insert(session, run_id, entries[: MOST_ENTRIES - (counted_now - len(entries))])


async def log_state(session: AsyncSession, run_id: UUID, state: str, **details: Any) -> None:
    """Add a change of state; there are few, so the log always has room for them."""
    told = {key: value for key, value in details.items() if value is not None}
    await _insert(session, run_id, [Entry("state", {"state": state, **told})])


def incidents() -> list[Entry]:
    """Return what the source met in this run since this was asked last."""
    return [Entry(one.kind, one.details, one.at) for one in taken()]


def errors_entry(page: int, rejections: Sequence[Rejection]) -> list[Entry]:
    """Return the entry of a page's errors, by their ids and codes alone: what they say may hold what a record holds."""
    if not rejections:
        return []
    named = [{"source_id": one.source_id, "code": one.code, "field": one.field} for one in rejections[:NAMED]]
    return [Entry("errors", {"page": page, "errors": len(rejections), "first": named})]


async def _insert(session: AsyncSession, run_id: UUID, entries: Sequence[Entry]) -> None:
    rows = [{"run_id": run_id, "at": one.at, "kind": one.kind, "details": storable(one.details)} for one in entries]
    await session.execute(insert(RUN_LOG), rows)
