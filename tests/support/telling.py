"""Two tiny services made of the real parts: a teller that counts aloud, and a hearer that writes down what it hears."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import Column, Integer, MetaData, Table, Uuid, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.port import Bus
from shared.bus.subscriptions import Lane, Subscriptions
from shared.db.engine import Database, ensure_schema, opened
from shared.db.naming import metadata
from shared.db.types import BigIdentity
from shared.events import ListingCompleted, Provenance
from shared.inbox import inbox_table
from shared.outbox import Relay, outbox_table
from shared.unit import Unit, Units

TELLING, HEARING = metadata(), metadata()
SAID = Table("said", TELLING, Column("number", Integer, primary_key=True), Column("speaker", Uuid, nullable=False))
TELLER_OUTBOX, TELLER_INBOX = outbox_table(TELLING), inbox_table(TELLING)
# Nothing is unique here: what is heard twice stands there twice.
HEARD = Table(
    "heard", HEARING, Column("place", BigIdentity, primary_key=True), Column("number", Integer), Column("speaker", Uuid, nullable=False)
)
HEARER_OUTBOX, HEARER_INBOX = outbox_table(HEARING), inbox_table(HEARING)
SPEAKERS = [UUID(int=number) for number in (1, 2, 3)]


def said(number: int, speaker: UUID = SPEAKERS[0]) -> ListingCompleted:
    """Return an event that carries a number; its key is the speaker."""
    provenance = Provenance(
        integration_id=speaker,
        integration_name="tests",
        provider="tests",
        run_id=speaker,
        initial=False,
        user_selection="user_only",
        preference="create_and_update",
        integration_user="tests",
        credential_name="tests",
    )
    return ListingCompleted(provenance=provenance, pages=number, records=0)


@dataclass(slots=True)
class Teller:
    """Says numbers, each in a transaction of its own."""

    database: Database
    units: Units
    relay: Relay

    async def say(self, numbers: Iterable[int]) -> None:
        """Write each number down and tell it; the speakers take turns."""
        for number in numbers:
            speaker = SPEAKERS[number % len(SPEAKERS)]
            async with self.units.begin() as unit:
                await unit.session.execute(insert(SAID).values(number=number, speaker=speaker))
                unit.record(said(number, speaker))

    async def waiting(self) -> int:
        """Return how many events are in the outbox."""
        return await _count(self.database, TELLER_OUTBOX)

    async def nothing_waits(self) -> bool:
        """Return whether the outbox is empty."""
        return await self.waiting() == 0


@dataclass(slots=True)
class Hearer:
    """Writes down what it hears, in the order in which it hears it."""

    database: Database
    units: Units

    async def heard(self) -> list[tuple[UUID, int]]:
        """Return what was written down: speaker and number."""
        async with self.database.reading() as session:
            rows = await session.execute(select(HEARD.c.speaker, HEARD.c.number).order_by(HEARD.c.place))
            return [(row.speaker, row.number) for row in rows]


@asynccontextmanager
async def telling(url: SecretStr, bus: Bus, *, poll: float = 0.02) -> AsyncIterator[Teller]:
    """Give a teller whose relay does not run yet."""
    async with opened(url, "teller") as database:
        await _made(database, TELLING)
        relay = Relay(database, TELLER_OUTBOX, bus, poll=poll)
        yield Teller(database, Units(database, TELLER_OUTBOX, after_commit=relay.nudge), relay)


@asynccontextmanager
async def hearing(url: SecretStr) -> AsyncIterator[Hearer]:
    """Give a hearer that does not listen yet."""
    async with opened(url, "hearer") as database:
        await _made(database, HEARING)
        yield Hearer(database, Units(database, HEARER_OUTBOX))


@asynccontextmanager
async def listening(hearer: Hearer, bus: Bus, *, at_the_end: Callable[[], Any] = lambda: None) -> AsyncIterator[None]:
    """Have the hearer listen inside the block; `at_the_end` is called at the end of each handler, before its commit."""
    subscriptions = Subscriptions("hearer")

    @subscriptions.on(ListingCompleted, lane=Lane("main"))
    async def write_down(event: ListingCompleted, unit: Unit) -> None:
        await unit.session.execute(insert(HEARD).values(number=event.pages, speaker=event.provenance.integration_id))
        at_the_end()

    async with bus.consuming(subscriptions.consumers(hearer.units, HEARER_INBOX)):
        yield


async def _made(database: Database, tables: MetaData) -> None:
    async with database.engine.begin() as connection:
        await ensure_schema(connection, database.name)
        await connection.run_sync(tables.create_all)


async def _count(database: Database, table: Table) -> int:
    session: AsyncSession
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0
