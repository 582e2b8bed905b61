"""What only a broker can do to us: cut connections, several replicas, foreign messages, lost queues."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import aio_pika
import orjson
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from pydantic import SecretStr
from structlog.testing import capture_logs

from shared.bus.amqp.link import BadBusUrl, address_of
from shared.bus.amqp.topology import DELIVERY_LIMIT, Topology
from shared.bus.amqp.wire import KEY, PARTS
from shared.bus.port import BusUnavailable, DeadLetter, Message, Retry, UnknownConsumer
from shared.bus.rabbit import RabbitBus, connected
from shared.events import PageApplied, PageCounts
from shared.events.cloudevents import BATCH_CONTENT_TYPE, CONTENT_TYPE, encode
from shared.ids import new_id
from tests.support.buses import QUICK, THINGS, Listener, Venue, hand_over, listening, message, messages, on_rabbitmq, until
from tests.support.tcp_proxy import TcpProxy


@pytest.fixture
async def venue(rabbitmq_url: SecretStr, bus_name: str) -> AsyncIterator[Venue]:
    """Give a place on the broker, reached through a proxy."""
    async with on_rabbitmq(rabbitmq_url, bus_name) as place:
        yield place


@pytest.fixture
def proxy(venue: Venue) -> TcpProxy:
    """Give what stands between the buses and the broker."""
    assert venue.proxy is not None
    return venue.proxy


@pytest.fixture
async def stranger(rabbitmq_url: SecretStr) -> AsyncIterator[AbstractChannel]:
    """Give a channel of somebody who speaks to the broker beside us."""
    async with await aio_pika.connect(rabbitmq_url.get_secret_value()) as connection, connection.channel() as channel:
        yield channel


@asynccontextmanager
async def replicas(venue: Venue, *listeners: Listener) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Run one replica for each listener; each can be killed by cancelling its task."""

    async def run(listener: Listener, started: asyncio.Event) -> None:
        async with venue.opened() as bus, bus.consuming([listening(listener)]):
            started.set()
            await asyncio.sleep(3600)

    events = [asyncio.Event() for _ in listeners]
    tasks = [asyncio.create_task(run(listener, event)) for listener, event in zip(listeners, events, strict=True)]
    await asyncio.gather(*(event.wait() for event in events))
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def letters(bus: RabbitBus, count: int) -> list[DeadLetter]:
    """Wait until there are so many dead letters, and return them."""
    found: list[DeadLetter] = []
    async with asyncio.timeout(20):
        while True:
            with suppress(UnknownConsumer):
                found = [letter async for letter in bus.dead_letters("tests.main")]
                if len(found) == count:
                    return found
            await asyncio.sleep(0.05)


def page_applied(page: int) -> PageApplied:
    """Return an event of a topic whose events may travel together."""
    return PageApplied(integration_id=UUID(int=1), run_id=UUID(int=2), page=page, counts=PageCounts())


async def test_two_replicas_keep_the_order_of_each_key_while_handlers_fail(venue: Venue) -> None:
    """Scaling a service up must not let a page overtake the one before it."""
    order: list[Message] = []

    dice = random.Random(7)

    def fails_at_first(arrived: Message) -> None:
        if dice.random() < 0.3:
            raise Retry("not yet")
        order.append(arrived)

    one, other, batch = Listener(fails_at_first), Listener(fails_at_first), messages(120, keys=8)
    async with venue.opened() as bus, replicas(venue, one, other):
        await bus.publish(batch)
        await until(lambda: len(order) == len(batch))
    for key in range(8):
        assert [sent for sent in order if sent.key == f"key-{key}"] == batch[key::8]


async def test_a_replica_takes_over_in_order_when_the_active_one_is_killed(venue: Venue) -> None:
    """Losing a machine in the middle of a sync run costs a moment, and neither a page nor the order."""
    order: list[int] = []
    batch = messages(150)
    one, other = Listener(lambda _arrived: asyncio.sleep(0.005)), Listener(lambda _arrived: asyncio.sleep(0.005))
    one.afterwards = lambda: order.append(batch.index(one.handled[-1]))
    other.afterwards = lambda: order.append(batch.index(other.handled[-1]))
    async with venue.opened() as bus, replicas(venue, one, other) as tasks:
        await bus.publish(batch)
        await until(lambda: len(order) >= 40)
        active = 0 if one.handled else 1
        tasks[active].cancel()
        await until(lambda: set(order) == set(range(150)))
    first_times = list(dict.fromkeys(order))
    assert first_times == list(range(150))
    assert one.handled
    assert other.handled


async def test_a_graceful_stop_hands_the_partition_over_only_after_the_work_in_hand(venue: Venue) -> None:
    """A rolling deployment stops replicas all the time: the next one must not begin beside the last message of the old one."""
    at_once: list[int] = []
    slow = Listener(lambda _arrived: asyncio.sleep(0.2))
    successor = Listener(lambda _arrived: at_once.append(slow.in_work.total()))
    async with venue.opened() as bus, replicas(venue, slow) as [task]:
        async with venue.opened() as standby, standby.consuming([listening(successor)]):
            await bus.publish(messages(6))
            await until(lambda: slow.begun)
            task.cancel()
            await until(lambda: len(successor.handled) + len(slow.handled) == 6)
        assert slow.handled
        assert set(at_once) == {0}


async def test_a_cut_connection_is_renewed_and_the_work_goes_on(venue: Venue, proxy: TcpProxy) -> None:
    """Networks fail; nobody should have to restart a service because of it."""
    listener, batch = Listener(lambda _arrived: asyncio.sleep(0.005)), messages(200, keys=8)
    async with venue.opened() as bus, bus.consuming([listening(listener)]):
        publishing = asyncio.create_task(hand_over(bus, batch))
        for handled in (20, 60, 100):
            await until(lambda handled=handled: len(listener.handled) >= handled)  # type: ignore[misc]
            proxy.cut()
        await publishing
        await until(lambda: set(listener.ids) == {sent.id for sent in batch})
        await bus.check()
    for key in range(8):
        first_times = list(dict.fromkeys(listener.numbers(f"key-{key}")))
        assert first_times == list(range(key, 200, 8))


async def test_what_is_in_work_when_the_connection_is_cut_is_given_up(venue: Venue, proxy: TcpProxy) -> None:
    """Another replica gets it at once: two must not work on one message for longer than it takes to notice."""
    listener = Listener(lambda _arrived: asyncio.sleep(3600 if len(listener.begun) == 1 else 0))
    async with venue.opened() as bus, bus.consuming([listening(listener)]):
        await bus.publish([message()])
        await until(lambda: listener.begun)
        proxy.cut()
        await until(lambda: listener.handled)
    assert listener.in_work.total() == 0


async def test_publishing_during_an_outage_fails_soon_and_recovers_by_itself(venue: Venue, proxy: TcpProxy) -> None:
    """The relay must learn that it has to wait, and readiness must be able to say so."""
    listener = Listener()
    async with venue.opened() as bus, bus.consuming([listening(listener)]):
        proxy.refuse()
        proxy.cut()
        began = time.monotonic()
        for _ in range(3):
            with pytest.raises(BusUnavailable):
                await bus.publish([message()])
        with pytest.raises(BusUnavailable):
            await bus.check()
        assert time.monotonic() - began < 2
        proxy.refuse(refusing=False)
        sent = message()
        await hand_over(bus, [sent])
        await until(lambda: sent in listener.handled)


async def test_a_broker_that_does_not_answer_is_given_up_after_a_bounded_time(venue: Venue, proxy: TcpProxy) -> None:
    """A connection that swallows everything looks sound from here; only the missing confirm tells."""
    async with venue.opened() as bus:
        await bus.declare([listening(Listener())])
        proxy.pause("to_client")
        began = time.monotonic()
        with pytest.raises(BusUnavailable):
            await bus.publish(messages(3))
        assert time.monotonic() - began < 3
        proxy.cut()
        proxy.resume("to_client")
        await hand_over(bus, messages(3))


async def test_messages_are_persistent_cloudevents_that_name_themselves(venue: Venue, bus_name: str, stranger: AbstractChannel) -> None:
    """Other programs subscribe too, and the broker's own tools show what they can read."""
    correlation, trace = str(uuid4()), f"00-{'a' * 32}-{'b' * 16}-01"
    body = f'{{"specversion":"1.0","traceparent":"{trace}","correlationid":"{correlation}","data":{{}}}}'.encode()
    sent = message("k", body=body)
    queue = await stranger.declare_queue(exclusive=True)
    async with venue.opened() as bus:
        await queue.bind(bus_name, f"{THINGS}.*")
        await bus.publish([sent])
        arrived = await queue.get(timeout=5)
        await arrived.ack()
    assert arrived.content_type == CONTENT_TYPE
    assert arrived.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert (arrived.message_id, arrived.type, arrived.headers[KEY]) == (str(sent.id), THINGS, "k")
    assert arrived.routing_key == f"{THINGS}.{sent.partition}"
    assert (arrived.correlation_id, arrived.headers["traceparent"]) == (correlation, trace)


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({}, "type"),
        ({"message_id": "not-a-uuid", "type": THINGS, "headers": {KEY: "a"}}, "message_id"),
        ({"message_id": str(new_id()), "headers": {KEY: "a"}}, "type"),
        ({"message_id": str(new_id()), "type": THINGS}, KEY),
        ({"message_id": str(new_id()), "type": THINGS, "headers": {KEY: 7}}, KEY),
    ],
    ids=["nothing", "no uuid", "no type", "no key", "key is no text"],
)
async def test_a_message_without_our_properties_becomes_a_dead_letter(
    venue: Venue, bus_name: str, stranger: AbstractChannel, properties: dict[str, object], says: str
) -> None:
    """Whoever can reach the broker can send anything; it must not stop what is behind it."""
    listener, sound = Listener(), message()
    async with venue.opened() as bus, bus.consuming([listening(listener)]):
        assert isinstance(bus, RabbitBus)
        exchange = await stranger.get_exchange(bus_name)
        await exchange.publish(aio_pika.Message(b"?", **properties), f"{THINGS}.{sound.partition}")  # type: ignore[arg-type]
        await bus.publish([sound])
        await until(lambda: listener.handled)
        [letter] = await letters(bus, 1)
        assert letter.code == "malformed_message"
        assert says in letter.reason
        assert letter.message.body == b"?"
        assert await bus.replay("tests.main", letter.message.id)
        [again] = await letters(bus, 1)
        assert await bus.discard("tests.main", again.message.id)
        await letters(bus, 0)
    assert listener.handled == [sound]


async def test_a_parcel_is_a_batch_of_cloudevents(venue: Venue, bus_name: str, stranger: AbstractChannel) -> None:
    """Whoever else subscribes can read it with what reads CloudEvents."""
    sent = [Message(event.id, event.topic, event.key, encode(event)) for event in (page_applied(1), page_applied(2))]
    queue = await stranger.declare_queue(exclusive=True)
    async with venue.opened() as bus:
        await bus.declare([listening(Listener(), topics=[PageApplied.topic])])
        await queue.bind(bus_name, f"{PageApplied.topic}.*")
        await bus.publish(sent)
        arrived = await queue.get(timeout=5)
        await arrived.ack()
    assert arrived.content_type == BATCH_CONTENT_TYPE
    assert [event["id"] for event in orjson.loads(arrived.body)] == [str(message.id) for message in sent]
    assert arrived.message_id == str(sent[0].id)


@pytest.mark.parametrize("parts", [[], "?", ["no-uuid:3"], [f"{new_id()}:2"], [f"{new_id()}:999"]])
async def test_a_parcel_that_cannot_be_parted_becomes_a_dead_letter(
    venue: Venue, bus_name: str, stranger: AbstractChannel, parts: object
) -> None:
    """Whoever can reach the broker can send anything; half a parcel must not count as handled."""
    listener, sound = Listener(), message()
    properties: dict[str, Any] = {"message_id": str(new_id()), "type": THINGS, "headers": {KEY: "a", PARTS: parts}}
    async with venue.opened() as bus, bus.consuming([listening(listener)]):
        assert isinstance(bus, RabbitBus)
        exchange = await stranger.get_exchange(bus_name)
        await exchange.publish(aio_pika.Message(b"[{}, {}]", **properties), f"{THINGS}.{sound.partition}")
        await bus.publish([sound])
        await until(lambda: listener.handled)
        [letter] = await letters(bus, 1)
    assert letter.code == "malformed_message"
    assert PARTS in letter.reason
    assert listener.handled == [sound]


async def test_a_message_over_which_its_consumer_dies_every_time_becomes_a_dead_letter(
    venue: Venue, bus_name: str, stranger: AbstractChannel, rabbitmq_url: SecretStr
) -> None:
    """A page that takes the process down with it would otherwise stop its partition for good."""
    listener, deadly = Listener(), message("a", 1)
    queue = Topology(bus_name).queues(listening(listener))[deadly.partition]
    async with venue.opened() as bus:
        assert isinstance(bus, RabbitBus)
        await bus.declare([listening(listener)])
        await bus.publish([deadly])
        async with await aio_pika.connect(rabbitmq_url.get_secret_value()) as connection:
            for _ in range(DELIVERY_LIMIT + 1):
                async with connection.channel() as dying:
                    taken = asyncio.Event()

                    async def take(_delivery: AbstractIncomingMessage, taken: asyncio.Event = taken) -> None:
                        taken.set()

                    await (await dying.get_queue(queue)).consume(take)
                    await asyncio.wait_for(taken.wait(), timeout=5)
        [letter] = await letters(bus, 1)
        assert (letter.code, letter.message) == ("delivery_limit", deadly)
        async with bus.consuming([listening(listener)]):
            assert await bus.replay("tests.main", deadly.id)
            await until(lambda: listener.handled)
            await letters(bus, 0)


async def test_a_queue_that_somebody_deleted_is_made_anew(venue: Venue, bus_name: str, stranger: AbstractChannel) -> None:
    """A slip of an operator costs what was in the queue, and not every message from then on."""
    listener, sent = Listener(), message()
    async with venue.opened() as bus, bus.consuming([listening(listener)]):
        await stranger.queue_delete(Topology(bus_name).queues(listening(listener))[sent.partition])
        await hand_over(bus, [sent])
        await until(lambda: sent in listener.handled)


async def test_the_dead_letters_queue_that_somebody_deleted_is_made_anew(venue: Venue, bus_name: str, stranger: AbstractChannel) -> None:
    """A message that cannot be parked must neither be dropped nor hold up its partition for ever."""

    def refuses(_arrived: Message) -> None:
        raise ValueError

    async with venue.opened() as bus, bus.consuming([listening(Listener(refuses))]):
        assert isinstance(bus, RabbitBus)
        await stranger.queue_delete(Topology(bus_name).dead_queue("tests.main"))
        await bus.publish([message()])
        await letters(bus, 1)


async def test_queues_with_other_settings_are_named_as_the_trouble(venue: Venue, bus_name: str, stranger: AbstractChannel) -> None:
    """After an upgrade that changes a queue's settings somebody must know what to do, not read a stack trace."""
    queue = Topology(bus_name).queues(listening(Listener()))[0]
    await stranger.declare_queue(queue, durable=True, arguments={"x-queue-type": "quorum"})
    async with venue.opened() as bus:
        with pytest.raises(BusUnavailable, match="other settings") as trouble:
            await bus.declare([listening(Listener())])
        assert "ROLLCALL_BUS_NAME" in str(trouble.value.remedy)


async def test_a_wrong_password_is_said_without_repeating_it(rabbitmq_url: SecretStr, bus_name: str) -> None:
    """Errors and logs are read by more people than passwords are meant for."""
    address = address_of(rabbitmq_url)
    wrong = SecretStr(f"amqp://rollcall:hunter-two@{address.place}/")
    with capture_logs() as logs, pytest.raises(BusUnavailable, match="refuses the login") as refused:
        async with connected(wrong, bus_name, retry=QUICK):
            pass
    said = f"{refused.value!r} {refused.value} {refused.value.remedy} {refused.value.__cause__!r} {logs} {address_of(wrong)!r}"
    assert "hunter-two" not in said
    assert address.place in said


@pytest.mark.parametrize("url", ["http://user:hunter-two@broker/", "amqp://", "nonsense", "amqp://user:hunter-two@[broken/"])
async def test_an_address_that_is_none_is_refused_at_once(url: str, bus_name: str) -> None:
    """A typing slip in the settings must not look like a broker that is away."""
    with pytest.raises(BadBusUrl) as refused:
        async with connected(SecretStr(url), bus_name):
            pass
    assert "hunter-two" not in f"{refused.value!r}{refused.value.__cause__!r}"


async def test_a_broker_that_is_away_at_the_start_is_an_error_with_its_place(bus_name: str) -> None:
    """The first thing that an operator sees when the broker is not up."""
    async with AsyncExitStack() as stack:
        with pytest.raises(BusUnavailable, match=r"127\.0\.0\.1:1 "):
            await stack.enter_async_context(connected(SecretStr("amqp://u:p@127.0.0.1:1/"), bus_name))
