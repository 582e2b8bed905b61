"""The bus of the embedded mode: publishing returns only after each consumer has handled or parked the message.

So the publisher's outbox row is what survives a crash, and nothing lives in memory alone.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, nullcontext
from typing import Any
from uuid import UUID

from shared.bus.attempts import GivenUp, attempt_all
from shared.bus.parcels import Parcel, parcels
from shared.bus.port import BusUnavailable, Confirmed, Consumer, DeadLetter, Message, RetryPolicy, UnknownConsumer, Unroutable
from shared.bus.spool import Spool
from shared.clock import now
from shared.events.base import CONTRACTS
from shared.observability.logging import get_logger

log = get_logger(__name__)

DRAIN_SECONDS = 10.0
"""How long handlers may finish when their consumer stops; what takes longer is delivered again."""


class InProcessBus:
    """Delivers inside one process. `declared` consumers that are not consuming yet make publishers wait, not lose.

    One that has stopped refuses at once: at the end of the process nobody waits for what will not come back.
    """

    def __init__(self, spool: Spool, *, retry: RetryPolicy | None = None, patience: float = 30.0, drain: float = DRAIN_SECONDS) -> None:
        self._spool = spool
        self._retry = retry or RetryPolicy()
        self._patience = patience
        self._drain = drain
        self._declared: dict[str, Consumer] = {}
        self._active: dict[str, Consumer] = {}
        self._stopped: set[str] = set()
        self._lanes: dict[tuple[str, int], asyncio.Lock] = {}
        self._changed = asyncio.Condition()
        self._in_work: dict[str, set[asyncio.Task[Any]]] = {}

    async def declare(self, consumers: Sequence[Consumer]) -> None:
        """Make the consumers known."""
        for consumer in consumers:
            self._declared[consumer.id] = consumer

    @asynccontextmanager
    async def consuming(self, consumers: Sequence[Consumer]) -> AsyncIterator[None]:
        """Deliver to `consumers` inside the block; leaving it waits for what is in work."""
        await self.declare(consumers)
        async with self._changed:
            for consumer in consumers:
                self._active[consumer.id] = consumer
                self._stopped.discard(consumer.id)
            self._changed.notify_all()
        try:
            yield
        finally:
            async with self._changed:
                for consumer in consumers:
                    self._active.pop(consumer.id, None)
                    self._stopped.add(consumer.id)
                self._changed.notify_all()
            await self._finish([task for consumer in consumers for task in self._in_work.get(consumer.id, ())])

    async def publish(self, messages: Sequence[Message], *, confirmed: Confirmed | None = None) -> None:
        """Deliver each message to every consumer of its topic, in order. Raises `BusUnavailable`, `Unroutable`."""
        for parcel in parcels(messages):
            topic = parcel[0].topic
            wanted = [consumer_id for consumer_id, consumer in self._declared.items() if topic in consumer.topics]
            contract = CONTRACTS.get(topic)
            if not wanted and (contract is None or contract.needed):
                raise Unroutable(f"nobody listens to {topic}", remedy="Start the service that hears it.")
            for consumer_id in wanted:
                await self._deliver(consumer_id, parcel)
            if confirmed is not None:
                for message in parcel:
                    confirmed(message)

    async def dead_letters(self, consumer: str, *, limit: int = 100) -> AsyncIterator[DeadLetter]:
        """Give the oldest dead letters of a consumer. Raises `UnknownConsumer`."""
        self._require(consumer)
        for letter in await self._spool.oldest(consumer, limit):
            yield letter

    async def replay(self, consumer: str, message_id: UUID) -> bool:
        """Deliver a dead letter again; it leaves the dead letters once it is handled. Raises `UnknownConsumer`."""
        self._require(consumer)
        letter = await self._spool.read(consumer, message_id)
        if letter is None:
            return False
        if not await self._deliver(consumer, [letter.message]):
            await self._spool.remove(consumer, message_id)
        return True

    async def discard(self, consumer: str, message_id: UUID) -> bool:
        """Remove a dead letter. Raises `UnknownConsumer`."""
        self._require(consumer)
        return await self._spool.remove(consumer, message_id)

    async def check(self) -> None:
        """Answer at once: the bus lives in this process."""

    def _require(self, consumer: str) -> None:
        if consumer not in self._declared:
            raise UnknownConsumer(f"no consumer is called {consumer!r}", remedy="`docs/events.md` names them all.")

    async def _deliver(self, consumer_id: str, parcel: Parcel) -> int:
        """Have the consumer handle the messages; return how many were given up, and are dead letters now.

        The place in the lane is taken before anything is waited for: who publishes first is handled first.
        """
        ordered = self._declared[consumer_id].ordered
        lane = self._lanes.setdefault((consumer_id, parcel[0].partition), asyncio.Lock()) if ordered else nullcontext()
        async with lane:
            working = await self._begin(consumer_id, parcel)
            try:
                await asyncio.wait([working])
            finally:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
                await self._ended(consumer_id, working)
        if working.cancelled():
            raise BusUnavailable(f"{consumer_id} stopped before it had handled the message", remedy="It is tried again by itself.")
        return working.result()

    async def _begin(self, consumer_id: str, parcel: Parcel) -> asyncio.Task[int]:
        """Wait until the consumer is active and has room for one more parcel, and let it begin."""
        async with self._changed:
            try:
                async with asyncio.timeout(self._patience):
                    await self._changed.wait_for(lambda: consumer_id in self._stopped or self._has_room(consumer_id))
            except TimeoutError:
                raise _not_taking(consumer_id) from None
            if consumer_id in self._stopped:
                raise _not_taking(consumer_id)
            working = asyncio.create_task(self._handle(self._active[consumer_id], parcel), name=f"bus-{consumer_id}")
            self._in_work.setdefault(consumer_id, set()).add(working)
            return working

    async def _handle(self, consumer: Consumer, parcel: Parcel) -> int:
        letters = 0
        async with aclosing(attempt_all(consumer, parcel, self._retry)) as attempts:
            async for message, given_up in attempts:
                if given_up is not None:
                    await self._spool.add(_letter(consumer.id, message, given_up))
                    letters += 1
        return letters

    async def _ended(self, consumer_id: str, working: asyncio.Task[Any]) -> None:
        self._in_work[consumer_id].discard(working)
        async with self._changed:
            self._changed.notify_all()

    async def _finish(self, tasks: list[asyncio.Task[Any]]) -> None:
        """Give what is in work its time; what is late is cancelled, and its publisher told."""
        if not tasks:
            return
        _done, late = await asyncio.wait(tasks, timeout=self._drain)
        if late:
            log.warning("bus_work_given_back", workers=len(late), seconds=self._drain)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _has_room(self, consumer_id: str) -> bool:
        consumer = self._active.get(consumer_id)
        return consumer is not None and len(self._in_work.get(consumer_id, ())) < consumer.prefetch


def _not_taking(consumer_id: str) -> BusUnavailable:
    return BusUnavailable(f"{consumer_id} does not take messages now", remedy="It is tried again by itself.")


def _letter(consumer_id: str, message: Message, why: GivenUp) -> DeadLetter:
    return DeadLetter(consumer_id, message, why.code, why.reason, why.attempts, now())
