"""The outbox: the only road out of a service.

An event is written in the same transaction as the change it tells. The relay hands the rows to the bus in the order in
which they were written and removes each only after the bus has confirmed it: a crash in between repeats an event, and
never loses one. One relay runs per service: on PostgreSQL an advisory lock, held by the very connection that reads and
removes, keeps a second replica's relay waiting.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, Uuid, delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.port import Bus, Message
from shared.clock import now
from shared.db.engine import Database
from shared.db.types import BigIdentity, Timestamp
from shared.events.base import Event
from shared.events.cloudevents import encode
from shared.inbox import FORGOTTEN_AT_ONCE, KEPT, forget
from shared.observability.logging import get_logger
from shared.observability.metrics import OUTBOX_OLDEST, OUTBOX_PENDING, OUTBOX_RELAYED

log = get_logger(__name__)

RELAY_LOCK = 0x4F757442
"""The first key of the PostgreSQL advisory lock that a service's one relay holds."""
LEAD = text("""
    SELECT pg_try_advisory_lock(:lock, hashtext(:name)),
           set_config('tcp_keepalives_idle', '15', false),
           set_config('tcp_keepalives_interval', '5', false),
           set_config('tcp_keepalives_count', '3', false)
""")
"""Take the lock, and let the server notice within half a minute that the machine which holds it is gone."""
UNLEAD = text("SELECT pg_advisory_unlock(:lock, hashtext(:name))")
BATCH = 64
LONGEST_WAIT = 15.0
HOUSEKEEPING_SECONDS = 3600.0
"""How often the relay looks for inbox claims that are old enough to be forgotten."""


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

    `nudge()` after a commit saves waiting for the next look. Failures are waited out with growing pauses; the rows stay
    where they are. Whoever relays also forgets the service's old inbox claims, now and then.
    """

    def __init__(self, database: Database, outbox: Table, bus: Bus, *, poll: float = 0.5) -> None:
        self._database = database
        self._outbox = outbox
        self._bus = bus
        self._poll = poll
        self._wake = asyncio.Event()
        self._inbox: Table | None = None
        self._next_housekeeping = 0.0
        self.behind_since: datetime | None = None
        """When handing over began to fail; None while all is well, or while another replica's relay does it."""

    def nudge(self) -> None:
        """Say that there is something to send."""
        self._wake.set()

    @asynccontextmanager
    async def running(self, *, inbox: Table | None = None) -> AsyncIterator["Relay"]:
        """Relay in the background inside this block; at its end, what is being handed over is finished.

        `inbox` is the table whose old claims are forgotten, if the service has one.
        """
        self._inbox = inbox
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
                    if connection is not None:
                        await self._lead(connection, stop)
                self.behind_since = None
                pause = self._poll
            except Exception as error:  # noqa: BLE001 - whatever goes wrong, a relay that ended would keep every later event back
                # A failure long after the last one is a new one: `behind_since` is cleared by each batch that went through.
                pause = self._poll if self.behind_since is None else min(pause * 2, LONGEST_WAIT)
                self.behind_since = self.behind_since or now()
                log.warning(
                    "outbox_relay_waits", service=self._database.name, error=type(error).__name__, detail=str(error)[:300], seconds=pause
                )
            await _sleep(stop, pause)

    async def _lead(self, connection: AsyncConnection, stop: asyncio.Event) -> None:
        """Relay as the only one, until told to stop."""
        while not stop.is_set():
            self._wake.clear()
            while await self._round(connection) and not stop.is_set():
                pass
            await self._keep_house()
            await _sleep(self._wake, self._poll)

    @asynccontextmanager
    async def _leading(self) -> AsyncIterator[AsyncConnection | None]:
        """Give the connection that may relay, or None when another replica's relay holds the lock."""
        engine = self._database.engine.execution_options(reads_only=True)
        async with engine.connect() as connection:
            if not self._database.is_postgres:
                yield connection
                return
            lock = {"lock": RELAY_LOCK, "name": self._database.name}
            # Each statement is a transaction of its own: no BEGIN and COMMIT to wait for, and none open while the bus is awaited.
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            try:
                led = await connection.scalar(LEAD, lock)
                await connection.commit()
                yield connection if led else None
                if led:
                    await connection.execute(UNLEAD, lock)
                    await connection.commit()
            except BaseException:
                # The lock belongs to the connection: back in the pool, it would keep every relay waiting for ever.
                await connection.invalidate()
                raise

    async def _round(self, connection: AsyncConnection) -> int:
        """Send one batch; no transaction is open while the bus is awaited."""
        rows = (await connection.execute(select(self._outbox).order_by(self._outbox.c.position).limit(BATCH))).all()
        await connection.commit()
        service = self._database.name
        OUTBOX_OLDEST.labels(service).set((now() - rows[0].recorded_at).total_seconds() if rows else 0)
        OUTBOX_PENDING.labels(service).set(len(rows))
        if rows:
            positions = {row.event_id: row.position for row in rows}
            confirmed: list[int] = []
            try:
                await self._bus.publish(
                    [Message(id=row.event_id, topic=row.topic, key=row.key, body=row.body) for row in rows],
                    confirmed=lambda message: confirmed.append(positions[message.id]),
                )
            finally:
                OUTBOX_RELAYED.labels(service).inc(len(confirmed))
                await self._remove(connection, confirmed)
                OUTBOX_PENDING.labels(service).set(len(rows) - len(confirmed))
        self.behind_since = None
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

    async def _keep_house(self) -> None:
        """Forget old claims when it is time, a bounded number at once: the rest follows at the next look."""
        if self._inbox is None or time.monotonic() < self._next_housekeeping:
            return
        async with self._database.writes() as session, session.begin():
            forgotten = await forget(session, self._inbox, now() - KEPT)
        if forgotten < FORGOTTEN_AT_ONCE:
            self._next_housekeeping = time.monotonic() + HOUSEKEEPING_SECONDS
        if forgotten:
            log.info("inbox_claims_forgotten", service=self._database.name, claims=forgotten)


async def _sleep(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event happens, or the time is over."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), timeout=seconds)
