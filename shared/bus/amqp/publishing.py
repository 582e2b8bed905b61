"""Publishing with confirms: a batch travels as a pipeline, in order, and each message counts when the broker says so."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import DeliveryError, PublishError
from aiormq.abc import AbstractChannel as Wire
from pamqp.commands import Basic

from shared.bus.amqp.link import CLOSE_SECONDS, TROUBLE, Address, close_quietly, connection_to, unavailable
from shared.bus.amqp.topology import Topology
from shared.bus.amqp.wire import body_of, properties_of
from shared.bus.parcels import Parcel, parcels
from shared.bus.port import BusUnavailable, Confirmed, Message, Unroutable
from shared.events.base import CONTRACTS

PATIENCE_SECONDS = 20.0
"""How long a batch may wait for its confirms before the connection counts as dead."""
REFUSED_SECONDS = 0.5
"""For how long after a failed attempt to connect the next one is refused at once: callers do not queue up behind a time-out."""


@dataclass(slots=True)
class _Line:
    """An open connection for publishing. `routed`: routing keys that have reached a queue on it."""

    connection: AbstractConnection
    batches: Wire
    singles: Wire
    routed: set[str] = field(default_factory=set)

    @property
    def stands(self) -> bool:
        """Whether nothing of it is known to be closed."""
        return not (self.connection.is_closed or self.batches.is_closed or self.singles.is_closed)


class Publisher:
    """One connection for publishing, opened on demand and given up after any failure."""

    def __init__(self, address: Address, topology: Topology, *, patience: float = PATIENCE_SECONDS) -> None:
        self._address = address
        self._topology = topology
        self._patience = patience
        self._line: _Line | None = None
        self._opening = asyncio.Lock()
        self._one_at_a_time = asyncio.Lock()
        self._refused: tuple[float, BusUnavailable] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def publish(self, messages: Sequence[Message], confirmed: Confirmed | None) -> None:
        """Send messages in order. Raises `BusUnavailable`, `Unroutable`: what was not `confirmed` may or may not be there."""
        line = await self._opened()
        try:
            async with asyncio.timeout(self._patience):
                await self._pipeline(line, messages, confirmed)
        except Unroutable:
            raise
        except (*TROUBLE, BusUnavailable) as error:
            self._give_up(line)
            raise error if isinstance(error, BusUnavailable) else unavailable(self._address, error) from None

    async def publish_one(self, body: bytes, properties: Basic.Properties, *, exchange: str, routing_key: str) -> None:
        """Send one message, which must reach a queue: a dead letter, or one that is replayed. Raises like `publish`."""
        line = await self._opened()
        # One at a time: the client finds a returned message by its id, and two consumers may bury the same event.
        async with self._one_at_a_time:
            sending = asyncio.ensure_future(
                line.singles.basic_publish(body, exchange=exchange, routing_key=routing_key, properties=properties, mandatory=True)
            )
            try:
                async with asyncio.timeout(self._patience):
                    await _settled([sending])
            except PublishError:
                raise Unroutable(f"no queue takes {routing_key}", remedy="It is made when its service starts.") from None
            except (*TROUBLE, BusUnavailable) as error:
                self._give_up(line)
                raise error if isinstance(error, BusUnavailable) else unavailable(self._address, error) from None
            finally:
                sending.cancel()

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[AbstractChannel]:
        """Give a channel of one's own, closed at the end. Raises `BusUnavailable`."""
        line = await self._opened()
        try:
            channel = line.connection.channel()
            async with asyncio.timeout(self._patience):
                await channel.initialize()
        except TROUBLE as error:
            self._give_up(line)
            raise unavailable(self._address, error) from None
        try:
            yield channel
        finally:
            if not channel.is_closed:
                with suppress(*TROUBLE):
                    async with asyncio.timeout(CLOSE_SECONDS):
                        await channel.close()

    async def close(self) -> None:
        """Close the connection, and wait for those that are being given up."""
        if self._line is not None:
            self._give_up(self._line)
        await asyncio.gather(*self._closing)

    async def _pipeline(self, line: _Line, messages: Sequence[Message], confirmed: Confirmed | None) -> None:
        """Send without waiting in between, except for a routing key's first message.

        Once that one has reached a queue, the next ones will: none of them can be refused while a later one is taken,
        which would turn their order round when the refused one is sent again.
        """
        on_their_way: list[asyncio.Future[None]] = []
        try:
            for parcel in parcels(messages):
                key = self._topology.routing_key(parcel[0])
                on_their_way.append(asyncio.ensure_future(self._send(line, parcel, key, confirmed)))
                if key not in line.routed:
                    await _settled(on_their_way)
                    on_their_way.clear()
                    line.routed.add(key)
            await _settled(on_their_way)
        finally:
            for sending in on_their_way:
                sending.cancel()
            await asyncio.gather(*on_their_way, return_exceptions=True)

    async def _send(self, line: _Line, parcel: Parcel, routing_key: str, confirmed: Confirmed | None) -> None:
        topic = parcel[0].topic
        contract = CONTRACTS.get(topic)
        try:
            await line.batches.basic_publish(
                body_of(parcel),
                exchange=self._topology.exchange,
                routing_key=routing_key,
                properties=properties_of(parcel),
                mandatory=contract is None or contract.needed,
            )
        except PublishError:
            raise Unroutable(f"nobody listens to {topic}", remedy="Start the service that hears it.") from None
        except DeliveryError:
            raise BusUnavailable(f"RabbitMQ refuses to store {topic}", remedy="See whether its queues have a leader.") from None
        if confirmed is not None:
            for message in parcel:
                confirmed(message)

    async def _opened(self) -> _Line:
        async with self._opening:
            if self._line is not None and not (
                self._line.connection.is_closed or self._line.batches.is_closed or self._line.singles.is_closed
            ):
                return self._line
            if self._line is not None:
                self._give_up(self._line)
            if self._refused is not None and time.monotonic() - self._refused[0] < REFUSED_SECONDS:
                raise self._refused[1]
            try:
                self._line = await self._open()
            except BusUnavailable as error:
                self._refused = (time.monotonic(), error)
                raise
            return self._line

    async def _open(self) -> _Line:
        connection = await connection_to(self._address, f"{self._topology.name} publishes")
        try:
            async with asyncio.timeout(self._patience):
                batches = connection.channel(on_return_raises=True)
                await batches.initialize()
                singles = connection.channel(on_return_raises=True)
                await singles.initialize()
                await self._topology.declare_exchanges(batches)
                return _Line(connection, await batches.get_underlay_channel(), await singles.get_underlay_channel())
        except TROUBLE as error:
            await close_quietly(connection)
            raise unavailable(self._address, error) from None

    def _give_up(self, line: _Line) -> None:
        """Close in the background: the caller learns about the failure now."""
        if self._line is line:
            self._line = None
            closing = asyncio.create_task(close_quietly(line.connection))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)


async def _settled(sendings: Sequence[asyncio.Future[Any]]) -> None:
    """Wait until each has its answer, then raise the first failure in order.

    A send that was cancelled, and not by us, is one whose channel was closed: the client cancels what waits on it.
    """
    if not sendings:
        return
    await asyncio.wait(sendings)
    for sending in sendings:
        if sending.cancelled():
            raise ConnectionError("the channel was closed")
        error = sending.exception()
        if error is not None:
            raise error
