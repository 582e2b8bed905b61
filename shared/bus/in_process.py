"""The bus of the embedded mode: publishing returns only after each consumer has handled or parked the message.

So the publisher's outbox row is what survives a crash, and nothing lives in memory alone.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from shared.bus.attempts import attempt
from shared.bus.port import BusUnavailable, Confirmed, Consumer, DeadLetter, Message, RetryPolicy, Unroutable
from shared.bus.spool import Spool
from shared.clock import now
from shared.events.base import CONTRACTS


class InProcessBus:
    """Delivers inside one process. `declared` consumers that are not consuming yet make publishers wait, not lose."""

    def __init__(self, spool: Spool, *, retry: RetryPolicy | None = None, patience: float = 30.0) -> None:
        self._spool = spool
        self._retry = retry or RetryPolicy()
        self._patience = patience
        self._declared: dict[str, Consumer] = {}
        self._active: dict[str, Consumer] = {}
        self._lanes: dict[tuple[str, int], asyncio.Lock] = {}
        self._changed = asyncio.Condition()
        self._in_work: dict[str, int] = {}

    async def declare(self, consumers: Sequence[Consumer]) -> None:
        """Make the consumers known."""
        for consumer in consumers:
            self._declared[consumer.id] = consumer

    @asynccontextmanager
    async def consuming(self, consumers: Sequence[Consumer]) -> AsyncIterator[None]:
        """Deliver to `consumers` inside the block; leaving it waits for what is in work."""
        await self.declare(consumers)
        async with self._changed:
            self._active.update({consumer.id: consumer for consumer in consumers})
            self._changed.notify_all()
        try:
            yield
        finally:
            async with self._changed:
                for consumer in consumers:
                    self._active.pop(consumer.id, None)
                await self._changed.wait_for(lambda: not any(self._in_work.get(consumer.id) for consumer in consumers))

    async def publish(self, messages: Sequence[Message], *, confirmed: Confirmed | None = None) -> None:
        """Deliver each message to every consumer of its topic, in order."""
        for message in messages:
            wanted = [consumer_id for consumer_id, consumer in self._declared.items() if message.topic in consumer.topics]
            contract = CONTRACTS.get(message.topic)
            if not wanted and (contract is None or contract.needed):
                raise Unroutable(f"nobody listens to {message.topic}", remedy="Start the service that hears it.")
            for consumer_id in wanted:
                await self._deliver(consumer_id, message)
            if confirmed is not None:
                confirmed(message)

    async def dead_letters(self, consumer: str, *, limit: int = 100) -> AsyncIterator[DeadLetter]:
        """Give the oldest dead letters of a consumer."""
        for letter in await self._spool.oldest(consumer, limit):
            yield letter

    async def replay(self, consumer: str, message_id: UUID) -> bool:
        """Deliver a dead letter again; it is parked anew when it fails again."""
        letter = await self._spool.take(consumer, message_id)
        if letter is None:
            return False
        await self._spool.remove(consumer, message_id)
        try:
            await self._deliver(consumer, letter.message)
        except BaseException:
            await self._spool.add(letter)
            raise
        return True

    async def discard(self, consumer: str, message_id: UUID) -> bool:
        """Remove a dead letter."""
        return await self._spool.remove(consumer, message_id)

    async def check(self) -> None:
        """Answer at once: the bus lives in this process."""

    async def _deliver(self, consumer_id: str, message: Message) -> None:
        consumer = await self._claim(consumer_id)
        lane = message.partition if consumer.ordered else hash(message.id)
        lock = self._lanes.setdefault((consumer_id, lane), asyncio.Lock()) if consumer.ordered else asyncio.Lock()
        try:
            async with lock:
                given_up = await attempt(consumer, message, self._retry)
                if given_up is not None:
                    await self._spool.add(
                        DeadLetter(consumer_id, message, given_up.code, given_up.reason, given_up.attempts, now()),
                    )
        finally:
            async with self._changed:
                self._in_work[consumer_id] -= 1
                self._changed.notify_all()

    async def _claim(self, consumer_id: str) -> Consumer:
        """Wait until the consumer is active and has room for one more message."""
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: self._has_room(consumer_id)), timeout=self._patience)
            except TimeoutError as error:
                raise BusUnavailable(f"{consumer_id} does not take messages now", remedy="It is tried again by itself.") from error
            self._in_work[consumer_id] = self._in_work.get(consumer_id, 0) + 1
            return self._active[consumer_id]

    def _has_room(self, consumer_id: str) -> bool:
        consumer = self._active.get(consumer_id)
        return consumer is not None and self._in_work.get(consumer_id, 0) < consumer.prefetch
