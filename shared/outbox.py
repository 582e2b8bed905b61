"""The outbox: the only road out of a service.

An event is written in the same transaction as the change it tells. The relay hands the rows to the bus in the order in
which they were written and removes each only after the bus has confirmed it: a crash in between repeats an event, and
never loses one. One relay runs per service: on PostgreSQL an advisory lock, held by the very connection that reads and
removes, keeps a second replica's relay waiting.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, Uuid, delete, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.port import Bus, BusUnavailable, Message
from shared.clock import now
from shared.db.engine import Database
from shared.db.types import BigIdentity, Timestamp
from shared.events.base import Event
from shared.events.cloudevents import encode
from shared.observability.logging import get_logger
from shared.observability.metrics import OUTBOX_PENDING, OUTBOX_RELAYED

log = get_logger(__name__)

RELAY_LOCK = 0x4F757442
"""The first key of the PostgreSQL advisory lock that a service's one relay holds."""
BATCH = 64
LONGEST_WAIT = 30.0


def outbox_table(metadata: MetaData) -> Table:
    """Add the outbox to a service's tables."""
    return Table(
        "outbox",
        metadata,
        Column("position", BigIdentity, primary_key=True, autoincrement=True),
        Column("event_id", Uuid, nullable=False, unique=True),
        Column("topic", String(200), nullable=False),
        Column("key", String(200), nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("recorded_at", Timestamp, nullable=False),
        sqlite_autoincrement=True,
    )


def outbox_row(event: Event) -> dict[str, Any]:
    """Return the row that holds `event`."""
    return {"event_id": event.id, "topic": event.topic, "key": event.key, "body": encode(event), "recorded_at": now()}


class Relay:
    """Hands a service's outbox to the bus, oldest first.

    `nudge()` after a commit saves waiting for the next look. Failures of the bus are waited out with growing pauses;
    the rows stay where they are.
    """

    def __init__(self, database: Database, outbox: Table, bus: Bus, *, poll: float = 0.5) -> None:
        self._database = database
        self._outbox = outbox
        self._bus = bus
        self._poll = poll
        self._wake = asyncio.Event()
        self.behind_since: datetime | None = None
        """When the bus began to refuse what we hand over; None while all is well."""

    def nudge(self) -> None:
        """Say that there is something to send."""
        self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Relay"]:
        """Relay in the background inside this block; at its end, what is being handed over is finished."""
        stop = asyncio.Event()
        task = asyncio.create_task(self._run(stop), name=f"relay-{self._database.name}")
        try:
            yield self
        finally:
            stop.set()
            self._wake.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(task, timeout=10)

    async def drain(self) -> int:
        """Relay until the outbox is empty; return how many events were sent. Raises what the bus raises."""
        sent = 0
        async with self._leading() as connection:
            while connection is not None and (moved := await self._round(connection)):
                sent += moved
        return sent

    async def _run(self, stop: asyncio.Event) -> None:
        pause = self._poll
        while not stop.is_set():
            try:
                async with self._leading() as connection:
                    while connection is not None and not stop.is_set():
                        self._wake.clear()
                        while await self._round(connection) and not stop.is_set():
                            pause = self._poll
                        self.behind_since = None
                        pause = self._poll
                        await self._sleep(self._poll)
            except (BusUnavailable, DBAPIError, OSError) as error:
                self.behind_since = self.behind_since or now()
                pause = min(pause * 2, LONGEST_WAIT)
                log.warning(
                    "outbox_relay_waits", service=self._database.name, error=type(error).__name__, detail=str(error)[:300], seconds=pause
                )
            if not stop.is_set():
                await self._sleep(pause)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), timeout=seconds)

    @asynccontextmanager
    async def _leading(self) -> AsyncIterator[AsyncConnection | None]:
        """Give the connection that may relay, or None when another replica's relay holds the lock."""
        engine = self._database.engine.execution_options(reads_only=True)
        async with engine.connect() as connection:
            if not self._database.is_postgres:
                yield connection
                return
            lock = {"lock": RELAY_LOCK, "name": self._database.name}
            led = await connection.scalar(text("SELECT pg_try_advisory_lock(:lock, hashtext(:name))"), lock)
            await connection.commit()
            if not led:
                yield None
                return
            try:
                yield connection
            finally:
                with suppress(DBAPIError):
                    await connection.rollback()
                    await connection.execute(text("SELECT pg_advisory_unlock(:lock, hashtext(:name))"), lock)
                    await connection.commit()

    async def _round(self, connection: AsyncConnection) -> int:
        """Send one batch; no transaction is open while the bus is awaited."""
        rows = (await connection.execute(select(self._outbox).order_by(self._outbox.c.position).limit(BATCH))).all()
        await connection.commit()
        OUTBOX_PENDING.labels(self._database.name).set(len(rows))
        if not rows:
            return 0
        positions = {row.event_id: row.position for row in rows}
        confirmed: list[int] = []

        def note(message: Message) -> None:
            confirmed.append(positions[message.id])

        try:
            await self._bus.publish(
                [Message(id=row.event_id, topic=row.topic, key=row.key, body=row.body) for row in rows], confirmed=note
            )
        finally:
            await self._remove(connection, confirmed)
        OUTBOX_RELAYED.labels(self._database.name).inc(len(rows))
        return len(rows)

    async def _remove(self, connection: AsyncConnection, positions: Sequence[int]) -> None:
        if not positions:
            return
        statement = delete(self._outbox).where(self._outbox.c.position.in_(positions))
        if self._database.is_postgres:
            await connection.execute(statement)
            await connection.commit()
        else:
            async with self._database.engine.begin() as writing:
                await writing.execute(statement)
