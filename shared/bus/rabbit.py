"""The bus of the deployed mode: RabbitMQ 3.10 or newer, quorum queues, confirms, and our own way of reconnecting.

Publishing connects on demand: during an outage it fails within a bounded time and recovers with the next attempt.
Consuming renews its subscriptions by itself. The two have connections of their own: a broker that slows its publishers
down must not keep consumers from answering.

A handler that waits for the world (its database is away) holds its message in place, so that nothing overtakes it. The broker
takes a message away that was held for too long: after `topology.CONSUMER_TIMEOUT_MS` from RabbitMQ 3.12 on; before, after the
server's own `consumer_timeout` (30 minutes unless set). It is delivered again then, and `topology.DELIVERY_LIMIT` such rounds move
it to the dead letters. Every failed attempt is logged, so neither is silent.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from pydantic import SecretStr

from shared.bus.amqp.consuming import Consuming
from shared.bus.amqp.dead_letters import DeadLetters
from shared.bus.amqp.link import TROUBLE, Address, address_of, unavailable
from shared.bus.amqp.publishing import PATIENCE_SECONDS, Publisher
from shared.bus.amqp.topology import Topology
from shared.bus.port import BusUnavailable, Confirmed, Consumer, DeadLetter, Message, RetryPolicy

DRAIN_SECONDS = 10.0
"""How long handlers may finish when their consumer stops; what takes longer is delivered again."""


class RabbitBus:
    """The port, carried by RabbitMQ. Get one from `connected`."""

    def __init__(self, address: Address, topology: Topology, publisher: Publisher, *, retry: RetryPolicy, drain: float) -> None:
        self._address = address
        self._topology = topology
        self._publisher = publisher
        self._letters = DeadLetters(publisher, topology)
        self._retry = retry
        self._drain = drain
        self._consuming: list[Consuming] = []

    async def publish(self, messages: Sequence[Message], *, confirmed: Confirmed | None = None) -> None:
        """Hand over messages in order. Raises `BusUnavailable`, `Unroutable`."""
        await self._publisher.publish(messages, confirmed)

    @asynccontextmanager
    async def consuming(self, consumers: Sequence[Consumer]) -> AsyncIterator[None]:
        """Deliver to `consumers` inside the block. Raises `BusUnavailable` when it cannot begin; later it begins anew by itself."""
        consuming = Consuming(self._address, self._topology, consumers, self._publisher, retry=self._retry, drain=self._drain)
        async with consuming.running():
            self._consuming.append(consuming)
            try:
                yield
            finally:
                self._consuming.remove(consuming)

    async def declare(self, consumers: Sequence[Consumer]) -> None:
        """Make the consumers' queues, so that messages wait in them. Raises `BusUnavailable`."""
        async with self._publisher.channel() as channel:
            try:
                for consumer in consumers:
                    await self._topology.declare(channel, consumer)
            except TROUBLE as error:
                raise unavailable(self._address, error) from None

    async def dead_letters(self, consumer: str, *, limit: int = 100) -> AsyncIterator[DeadLetter]:
        """Give the oldest dead letters of a consumer. Raises `BusUnavailable`, `UnknownConsumer`."""
        for letter in await self._letters.oldest(consumer, limit):
            yield letter

    async def replay(self, consumer: str, message_id: UUID) -> bool:
        """Put a dead letter back before its consumer, behind what waits there; False when it is not there."""
        return await self._letters.replay(consumer, message_id)

    async def discard(self, consumer: str, message_id: UUID) -> bool:
        """Remove a dead letter; False when it is not there."""
        return await self._letters.discard(consumer, message_id)

    async def check(self) -> None:
        """Raise `BusUnavailable` when the broker does not answer or our subscriptions are lost."""
        async with self._publisher.channel():
            lost = [consuming.lost_since for consuming in self._consuming if consuming.lost_since is not None]
        if lost:
            raise BusUnavailable(f"subscriptions are lost since {min(lost).isoformat()}", remedy="They are renewed by themselves.")


@asynccontextmanager
async def connected(
    url: SecretStr, name: str, *, retry: RetryPolicy | None = None, patience: float = PATIENCE_SECONDS, drain: float = DRAIN_SECONDS
) -> AsyncIterator[RabbitBus]:
    """Give the bus called `name` on the broker at `url`, and close its connections at the end.

    `patience`: seconds that a batch may wait for its confirms; `drain`: seconds that handlers may finish when they stop.
    Raises `BadBusUrl`, and `BusUnavailable` when the broker cannot be reached now.
    """
    address, topology = address_of(url), Topology(name)
    publisher = Publisher(address, topology, patience=patience)
    try:
        bus = RabbitBus(address, topology, publisher, retry=retry or RetryPolicy(), drain=drain)
        await bus.check()
        yield bus
    finally:
        await publisher.close()
