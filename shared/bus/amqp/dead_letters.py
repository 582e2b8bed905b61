"""Looking at dead letters, sending them back, removing them.

A queue cannot be searched: letters are taken one by one without an answer, and given back when the looking ends. While
that lasts another look sees none of them, so looks of one process take turns. RabbitMQ 3 gives letters back behind those
that were not taken, RabbitMQ 4 in their old place: a list therefore looks further than it shows, and sorts.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from aio_pika.exceptions import ChannelNotFoundEntity
from aiormq.abc import AbstractChannel as Wire
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from shared.bus.amqp.link import TROUBLE
from shared.bus.amqp.publishing import Publisher
from shared.bus.amqp.topology import Topology
from shared.bus.amqp.wire import letter_of, revived_properties
from shared.bus.port import PARTITIONS, BusUnavailable, DeadLetter, UnknownConsumer

GET_SECONDS = 10.0
LOOKED_THROUGH = 1000
"""How many letters a list looks through, at least, to find the oldest."""


class DeadLetters:
    """The dead letters of every consumer of one bus."""

    def __init__(self, publisher: Publisher, topology: Topology) -> None:
        self._publisher = publisher
        self._topology = topology
        self._turn = asyncio.Lock()

    async def oldest(self, consumer: str, limit: int) -> list[DeadLetter]:
        """Return the oldest letters, each event once, and leave them all. Raises `BusUnavailable`, `UnknownConsumer`."""
        letters: dict[UUID, DeadLetter] = {}
        async with self._looking(consumer) as (wire, queue):
            while len(letters) < max(limit, LOOKED_THROUGH) and (delivery := await _get(wire, queue)) is not None:
                letter = letter_of(delivery, consumer)
                letters.setdefault(letter.message.id, letter)
        return sorted(letters.values(), key=lambda letter: letter.died_at)[:limit]

    async def discard(self, consumer: str, message_id: UUID) -> bool:
        """Remove a letter, and its copies; return whether it was there."""
        return await self._remove(consumer, message_id, None)

    async def replay(self, consumer: str, message_id: UUID) -> bool:
        """Put a letter back before its consumer; it leaves the dead letters once the broker has it there."""

        async def send_back(delivery: DeliveredMessage) -> None:
            queue = await self._queue_of(consumer, letter_of(delivery, consumer))
            await self._publisher.publish_one(delivery.body, revived_properties(delivery), exchange="", routing_key=queue)

        return await self._remove(consumer, message_id, send_back)

    async def _remove(self, consumer: str, message_id: UUID, first: Callable[[DeliveredMessage], Awaitable[None]] | None) -> bool:
        """Remove every copy of a letter, after `first` was done with one of them. A crash in between leaves it where it is.

        All copies are found before `first` begins: a replayed message may fail at once, and its new letter must stay.
        """
        async with self._looking(consumer) as (wire, queue):
            copies = []
            while (delivery := await _get(wire, queue)) is not None:
                if letter_of(delivery, consumer).message.id == message_id:
                    copies.append(delivery)
            if copies and first is not None:
                await first(copies[0])
            for copy in copies:
                await wire.basic_ack(copy.delivery_tag or 0)
        return bool(copies)

    async def _queue_of(self, consumer: str, letter: DeadLetter) -> str:
        """Return the one queue that the letter goes back to: whether the consumer is ordered, only the broker knows here."""
        own = f"{self._topology.name}.{consumer}"
        partitioned = f"{own}.{letter.message.partition % PARTITIONS}"
        async with self._publisher.channel() as asking:
            with suppress(ChannelNotFoundEntity):
                await asking.declare_queue(partitioned, passive=True)
                return partitioned
        return own

    @asynccontextmanager
    async def _looking(self, consumer: str) -> AsyncIterator[tuple[Wire, str]]:
        """Give a channel on which letters may be taken; those not answered go back at the end."""
        queue = self._topology.dead_queue(consumer)
        async with self._turn, self._publisher.channel() as channel:
            try:
                await channel.declare_queue(queue, passive=True)
                yield await channel.get_underlay_channel(), queue
            except ChannelNotFoundEntity:
                raise UnknownConsumer(f"no consumer is called {consumer!r}", remedy="`docs/events.md` names them all.") from None
            except TROUBLE as error:
                raise BusUnavailable("the broker went away while dead letters were looked at", remedy="Try again.") from error


async def _get(wire: Wire, queue: str) -> DeliveredMessage | None:
    message = await wire.basic_get(queue, timeout=GET_SECONDS)
    return None if isinstance(message.delivery, Basic.GetEmpty) else message
