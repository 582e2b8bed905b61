"""The unit of work: one transaction, the events it tells if it commits, and the cause it acts for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.conflicts import note_commit, retried
from shared.db.engine import Database
from shared.events.base import Event
from shared.ids import new_id
from shared.observability.correlation import current_correlation
from shared.outbox import outbox_row

T = TypeVar("T")


@dataclass(slots=True)
class Unit:
    """A transaction and what it will tell. `actor` is the account, or the service, in whose name it acts."""

    session: AsyncSession
    correlation_id: UUID
    causation_id: UUID | None = None
    actor: str = "system"
    parts: Any = None
    """What the service shares with its handlers: set when the service starts, see its `service` module."""
    _events: list[Event] = field(default_factory=list)

    def record(self, event: Event) -> Event:
        """Tell `event` if this transaction commits. Returns it with its cause filled in; writes nothing yet."""
        told = event.caused_by(self.correlation_id, self.causation_id)
        self._events.append(told)
        return told

    async def flush_events(self, outbox: Table) -> bool:
        """Write what was recorded into the outbox; return whether there was anything."""
        rows = [outbox_row(event) for event in self._events]
        self._events.clear()
        if rows:
            await self.session.execute(insert(outbox), rows)
        return bool(rows)


@dataclass(slots=True)
class Units:
    """Opens units on one service's database. `after_commit` is called when events were committed (the relay's nudge)."""

    database: Database
    outbox: Table
    after_commit: Callable[[], Any] = lambda: None
    parts: Any = None

    @asynccontextmanager
    async def begin(
        self, *, correlation_id: UUID | None = None, causation_id: UUID | None = None, actor: str = "system"
    ) -> AsyncIterator[Unit]:
        """Give a unit; commit at the end, with its events in the outbox, or roll everything back when the block raises."""
        async with self.database.writes() as session:
            unit = Unit(session, correlation_id or current_correlation() or new_id(), causation_id, actor, self.parts)
            async with session.begin():
                yield unit
                await session.flush()
                told = await unit.flush_events(self.outbox)
        note_commit()
        if told:
            self.after_commit()

    async def do(self, work: Callable[[Unit], Awaitable[T]], *, actor: str = "system") -> T:
        """Do `work` in a unit of its own, again when another transaction was in its way; return what it returns.

        Nothing but what it returns may leave `work`: an attempt that was rolled back must leave no trace.
        """

        async def once() -> T:
            async with self.begin(actor=actor) as unit:
                return await work(unit)

        return await retried(once)
