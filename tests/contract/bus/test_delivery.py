"""What every adapter does with messages: each consumer gets each of them, in the order of its key, and waits for no other."""

import asyncio
import random

import pytest

from shared.bus.port import PARTITIONS, Bus, Message, Retry
from tests.support.buses import OTHERS, Listener, hand_over, listening, message, messages, until


async def test_every_consumer_of_a_topic_gets_the_message_as_it_was_sent(bus: Bus) -> None:
    """Services build on the id, the topic, the key and the body, and on nobody else's messages."""
    first, second, elsewhere = Listener(), Listener(), Listener()
    consumers = [listening(first), listening(second, name="second"), listening(elsewhere, name="elsewhere", topics=[OTHERS])]
    sent = message("ключ/with.dots and spaces", 7)
    async with bus.consuming(consumers):
        await bus.publish([sent])
        await until(lambda: first.handled and second.handled)
    assert first.handled == second.handled == [sent]
    assert elsewhere.handled == []


async def test_each_message_is_confirmed_once_in_order(bus: Bus) -> None:
    """The relay removes an outbox row for each confirm: one too many loses an event, one too few repeats it."""
    confirmed: list[Message] = []
    listener, batch = Listener(), messages(50, keys=7)
    async with bus.consuming([listening(listener)]):
        await bus.publish(batch, confirmed=confirmed.append)
        await until(lambda: len(listener.handled) == len(batch))
    assert sorted(confirmed, key=batch.index) == batch
    assert len(confirmed) == len(set(confirmed))


async def test_publishing_nothing_is_no_error(bus: Bus) -> None:
    """A relay that woke up for nothing must not fail."""
    await bus.publish([])


async def test_messages_wait_for_a_consumer_that_is_declared_and_has_not_started(bus: Bus) -> None:
    """Services start in any order; an event told before its reader is up is not lost."""
    listener, sent = Listener(), message()
    await bus.declare([listening(listener)])
    publishing = asyncio.create_task(hand_over(bus, [sent]))
    await asyncio.sleep(0.1)
    async with bus.consuming([listening(listener)]):
        await publishing
        await until(lambda: listener.handled)
    assert listener.ids == [sent.id]


async def test_equal_keys_keep_their_order_even_when_handlers_fail(bus: Bus) -> None:
    """A page applied before an older one would overwrite newer facts with older ones."""
    dice = random.Random(7)

    def sometimes_fails(_arrived: Message) -> None:
        if dice.random() < 0.3:
            raise Retry("not yet")

    listener, batch = Listener(sometimes_fails), messages(120, keys=5)
    async with bus.consuming([listening(listener)]):
        await bus.publish(batch)
        await until(lambda: len(listener.handled) == len(batch))
    for key in range(5):
        assert listener.numbers(f"key-{key}") == list(range(key, 120, 5))
    assert listener.most_of_one_key == 1


async def test_each_publisher_keeps_its_order_when_several_publish_at_once(bus: Bus) -> None:
    """The relays of all services share the bus; none may shuffle what another one tells."""
    listener = Listener(lambda _arrived: asyncio.sleep(0.001))
    batches = [[message("shared", 1000 * publisher + number) for number in range(20)] for publisher in range(4)]
    async with bus.consuming([listening(listener, prefetch=2)]):
        await asyncio.gather(*(bus.publish(batch) for batch in batches))
        await until(lambda: len(listener.handled) == 80)
    numbers = listener.numbers("shared")
    for publisher in range(4):
        own = [number for number in numbers if number // 1000 == publisher]
        assert own == sorted(own)


async def test_other_partitions_go_on_while_one_waits_for_the_world(bus: Bus) -> None:
    """One integration whose page cannot be applied now must not stop all others."""
    stuck = asyncio.Event()

    async def one_key_waits(arrived: Message) -> None:
        if arrived.key == blocked.key and not stuck.is_set():
            raise Retry("not yet")

    listener, blocked = Listener(one_key_waits), message("blocked")
    others = [other for number in range(40) if (other := message(f"free-{number}")).partition != blocked.partition]
    async with bus.consuming([listening(listener)]):
        publishing = [asyncio.create_task(bus.publish([sent])) for sent in (blocked, *others)]
        await until(lambda: len(listener.handled) == len(others))
        stuck.set()
        await asyncio.gather(*publishing)
        await until(lambda: len(listener.handled) == len(others) + 1)
    assert listener.handled[-1] == blocked


async def test_no_more_than_prefetch_are_in_work_at_once(bus: Bus) -> None:
    """Prefetch is what keeps a burst from opening more transactions than the database has connections."""
    listener, batch = Listener(lambda _arrived: asyncio.sleep(0.02)), messages(24, keys=24)
    async with bus.consuming([listening(listener, ordered=False, prefetch=3)]):
        await asyncio.gather(*(bus.publish([sent]) for sent in batch))
        await until(lambda: len(listener.handled) == len(batch))
    assert listener.most_at_once == 3


@pytest.mark.parametrize("prefetch", [1, 2, 16])
async def test_an_ordered_consumer_works_on_one_message_of_a_partition_at_a_time(bus: Bus, prefetch: int) -> None:
    """Partitions give parallelism without giving up order; a smaller prefetch bounds them together."""
    listener, batch = Listener(lambda _arrived: asyncio.sleep(0.02)), messages(24, keys=12)
    async with bus.consuming([listening(listener, prefetch=prefetch)]):
        await asyncio.gather(*(bus.publish([sent]) for sent in batch))
        await until(lambda: len(listener.handled) == len(batch))
    assert listener.most_at_once <= min(prefetch, PARTITIONS)
    assert listener.most_of_one_key == 1


async def test_a_bus_that_works_says_so(bus: Bus) -> None:
    """Readiness stands on it."""
    async with bus.consuming([listening(Listener())]):
        await bus.check()
