"""One connection's worth of consuming: a channel for each consumer, a lane for each of its queues.

A delivery is acknowledged after its handler has returned, or after it has arrived in the dead letters; until then the broker
keeps it, and gives it to somebody when this connection ends, however it ends.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from aio_pika.abc import AbstractConnection
from aiormq.abc import AbstractChannel as Wire
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from shared.bus.amqp.link import TROUBLE, Address, close_quietly, connection_to, unavailable
from shared.bus.amqp.publishing import Publisher
from shared.bus.amqp.topology import Topology
from shared.bus.amqp.wire import MalformedMessage, dead_properties, dead_properties_of, parcel_of
from shared.bus.attempts import GivenUp, attempt_all
from shared.bus.port import BusUnavailable, Consumer, RetryPolicy, Unroutable
from shared.observability.logging import get_logger

log = get_logger(__name__)

SUBSCRIBE_SECONDS = 30.0


async def opened(
    address: Address, topology: Topology, consumers: Sequence[Consumer], publisher: Publisher, retry: RetryPolicy
) -> "Session":
    """Return a session whose consumers are declared and subscribed. Raises `BusUnavailable`."""
    services = "+".join(sorted({consumer.service for consumer in consumers}))
    session = Session(await connection_to(address, f"{topology.name} {services}"), topology, publisher, retry)
    try:
        async with asyncio.timeout(SUBSCRIBE_SECONDS):
            await session.subscribe(consumers)
    except TROUBLE as error:
        await session.abandon()
        raise unavailable(address, error) from None
    except BaseException:
        await session.abandon()
        raise
    return session


class Session:
    """A connection and what works on it. `lost` is set once it cannot go on; `reason` says why."""

    def __init__(self, connection: AbstractConnection, topology: Topology, publisher: Publisher, retry: RetryPolicy) -> None:
        self._connection = connection
        self._topology = topology
        self._publisher = publisher
        self._retry = retry
        self._began = time.monotonic()
        self._workers: list[asyncio.Task[None]] = []
        self._lanes: list[Lane] = []
        self.lost = asyncio.Event()
        self.reason = ""
        connection.close_callbacks.add(lambda _sender, error=None: self.lose("connection closed", error))

    @property
    def age(self) -> float:
        """How many seconds it has existed."""
        return time.monotonic() - self._began

    def lose(self, reason: str, error: BaseException | None = None) -> None:
        """Say that this session cannot go on."""
        if not self.lost.is_set():
            self.reason = reason + (f" ({type(error).__name__})" if error is not None else "")
            self.lost.set()

    async def subscribe(self, consumers: Sequence[Consumer]) -> None:
        """Declare the consumers and begin to receive."""
        async with self._connection.channel() as declaring:
            await self._topology.declare_exchanges(declaring)
            for consumer in consumers:
                await self._topology.declare(declaring, consumer)
        for consumer in consumers:
            await self._subscribe(consumer)

    async def _subscribe(self, consumer: Consumer) -> None:
        channel = self._connection.channel()
        await channel.initialize()
        channel.close_callbacks.add(lambda _sender, error=None: self.lose(f"channel of {consumer.id} closed", error))
        wire = await channel.get_underlay_channel()
        wire.on_consumer_cancel_callbacks.add(lambda _frame: self.lose(f"a queue of {consumer.id} was removed"))
        # One at a time where order matters: RabbitMQ 3 gives several back behind those that another consumer has given back.
        await wire.basic_qos(prefetch_count=1 if consumer.ordered else consumer.prefetch)
        room = asyncio.Semaphore(consumer.prefetch)
        for queue in self._topology.queues(consumer):
            lane = Lane(self, consumer, wire, room)
            self._lanes.append(lane)
            self._workers += [self._started(lane) for _ in range(1 if consumer.ordered else consumer.prefetch)]
            await wire.basic_consume(queue, lane.put)

    def _started(self, lane: "Lane") -> asyncio.Task[None]:
        worker = asyncio.create_task(lane.work(), name=f"bus-{lane.consumer.id}")

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                if not isinstance(error, (*TROUBLE, BusUnavailable)):
                    log.error("bus_worker_failed", consumer=lane.consumer.id, exc_info=error)
                self.lose(f"a worker of {lane.consumer.id} failed", error)

        worker.add_done_callback(ended)
        return worker

    async def settle(self, lane: "Lane", delivery: DeliveredMessage) -> bool:
        """Handle a delivery's messages, bury those that are given up; return False when the lane stopped before all were done."""
        consumer = lane.consumer
        try:
            parcel = parcel_of(delivery)
        except MalformedMessage as error:
            log.warning("message_malformed", consumer=consumer.id, reason=error.message)
            why = GivenUp(error.code, error.message, 0)
            await self._bury(consumer, delivery.body, dead_properties(delivery, why))
            return True
        done = 0
        async with aclosing(attempt_all(consumer, parcel, self._retry, lambda: lane.stopping)) as attempts:
            async for message, given_up in attempts:
                if given_up is not None:
                    is_one = len(parcel) == 1
                    properties = dead_properties(delivery, given_up) if is_one else dead_properties_of(message, given_up)
                    await self._bury(consumer, message.body, properties)
                done += 1
        return done == len(parcel)

    async def _bury(self, consumer: Consumer, body: bytes, properties: Basic.Properties) -> None:
        """Put a message into the dead letters; return once the broker has it there, however long that takes."""
        tries = 0
        while True:
            try:
                await self._publisher.publish_one(body, properties, exchange=self._topology.dead_exchange, routing_key=consumer.id)
            except Unroutable:
                self.lose(f"the dead letters of {consumer.id} were removed")
                raise
            except BusUnavailable as error:
                tries += 1
                log.warning("dead_letter_waits", consumer=consumer.id, error=error.message, attempt=tries)
                await asyncio.sleep(self._retry.pause(tries))
            else:
                return

    async def finish(self, seconds: float) -> None:
        """Begin nothing new, finish what is in work within `seconds`, and close.

        The subscriptions are not cancelled first: a cancelled consumer makes the broker hand the rest of its partition to
        another replica while this one still works on an earlier message. Closing the channel gives it back in one piece.
        """
        for lane in self._lanes:
            lane.stop()
        if self._workers and not self.lost.is_set():
            _done, late = await asyncio.wait(self._workers, timeout=seconds)
            if late:
                log.warning("bus_work_given_back", workers=len(late), seconds=seconds)
        await self.abandon()

    async def abandon(self) -> None:
        """Stop all work where it stands and close."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._connection.close_callbacks.clear()
        await close_quietly(self._connection)


class Lane:
    """One queue and what has been delivered from it."""

    def __init__(self, session: Session, consumer: Consumer, wire: Wire, room: asyncio.Semaphore) -> None:
        self.consumer = consumer
        self._session = session
        self._wire = wire
        self._room = room
        self._delivered: asyncio.Queue[DeliveredMessage | None] = asyncio.Queue()
        self.stopping = False

    async def put(self, delivery: DeliveredMessage) -> Any:
        """Take a delivery from the client library; at most `prefetch` of them wait here."""
        self._delivered.put_nowait(delivery)

    def stop(self) -> None:
        """Begin with no further delivery."""
        self.stopping = True
        self._delivered.put_nowait(None)

    async def work(self) -> None:
        """Work on one delivery after the other until told to stop."""
        while (delivery := await self._delivered.get()) is not None:
            async with self._room:
                if self.stopping or not await self._session.settle(self, delivery):
                    break
                await self._wire.basic_ack(delivery.delivery_tag or 0)
        self._delivered.put_nowait(None)  # for the workers beside this one
