"""What every adapter keeps when somebody stops or breaks off: nothing is lost, and nothing takes effect twice."""

import asyncio

from pydantic import SecretStr

from shared.bus.port import Message
from shared.events.cloudevents import encode
from tests.support.buses import Listener, Venue, eventually, hand_over, listening, message, messages, until
from tests.support.telling import Hearer, hearing, said
from tests.support.telling import listening as hears


async def test_a_publisher_that_never_got_its_confirm_publishes_again_and_nothing_is_lost(venue: Venue) -> None:
    """The confirm, not the send, is what counts: a repeat is harmless, a loss is not."""
    listener, sent = Listener(), message()
    async with venue.opened() as bus, bus.consuming([listening(listener)]):
        confirmed = await venue.lose_the_confirm(bus, [sent], listener)
        assert confirmed == []
        await hand_over(bus, [sent])
        await until(lambda: listener.handled)
    assert set(listener.ids) == {sent.id}


async def test_what_was_published_twice_is_handled_once_in_effect(venue: Venue, sqlite_url: SecretStr) -> None:
    """At least once on the wire, exactly once in effect: the inbox sees to the difference."""
    listener = Listener()
    event = said(7)
    sent = Message(event.id, event.topic, event.key, encode(event))
    async with venue.opened() as bus, hearing(sqlite_url) as hearer, hears(hearer, bus):
        async with bus.consuming([listening(listener, topics=[event.topic])]):
            assert await venue.lose_the_confirm(bus, [sent], listener) == []
            await hand_over(bus, [sent])
            await hand_over(bus, [sent])
            await until(lambda: len(listener.handled) >= 2)
            marker = said(8)
            await hand_over(bus, [Message(marker.id, marker.topic, marker.key, encode(marker))])
            await eventually(lambda: heard_numbers(hearer, last=8))
        assert await heard_numbers(hearer) == [7, 8]


async def test_what_a_stopped_consumer_had_not_finished_is_delivered_again(venue: Venue) -> None:
    """A deployment that stops a service in the middle of its work must lose none of it."""
    hanging, successor, batch = Listener(lambda _arrived: asyncio.sleep(3600)), Listener(), messages(12, keys=3)
    async with venue.opened() as bus:
        async with bus.consuming([listening(hanging)]):
            publishing = asyncio.create_task(hand_over(bus, batch))
            await until(lambda: hanging.begun)
        assert hanging.handled == []
        async with bus.consuming([listening(successor)]):
            await publishing
            await until(lambda: len(successor.handled) == len(batch))
    for key in range(3):
        assert successor.numbers(f"key-{key}") == list(range(key, 12, 3))


async def test_a_killed_consumer_loses_nothing_of_its_batch(venue: Venue) -> None:
    """A task that is cancelled stands for a process that is killed: what it had not answered for comes again."""
    dying, successor, batch = Listener(lambda _arrived: asyncio.sleep(0.01)), Listener(), messages(40, keys=4)
    async with venue.opened() as publishing_bus:
        await publishing_bus.declare([listening(dying)])
        publishing = asyncio.create_task(hand_over(publishing_bus, batch))

        async def consume_until_killed() -> None:
            async with venue.opened() as bus, bus.consuming([listening(dying)]):
                await asyncio.sleep(3600)

        consuming = asyncio.create_task(consume_until_killed())
        await until(lambda: len(dying.handled) >= 5)
        consuming.cancel()
        await asyncio.gather(consuming, return_exceptions=True)
        async with publishing_bus.consuming([listening(successor)]):
            await publishing
            await until(lambda: {*dying.ids, *successor.ids} == {sent.id for sent in batch})
    for key in range(4):
        assert successor.numbers(f"key-{key}") == sorted(successor.numbers(f"key-{key}"))


async def test_stopping_finishes_what_is_in_work_and_it_does_not_come_again(venue: Venue) -> None:
    """A graceful stop that dropped its last transaction would do it twice on the next start."""
    slow, successor, sent = Listener(lambda _arrived: asyncio.sleep(0.2)), Listener(), message()
    async with venue.opened() as bus:
        async with bus.consuming([listening(slow)]):
            publishing = asyncio.create_task(bus.publish([sent]))
            await until(lambda: slow.begun)
        assert slow.handled == [sent]
        await publishing
        async with bus.consuming([listening(successor)]):
            await asyncio.sleep(0.2)
    assert successor.begun == []


async def heard_numbers(hearer: Hearer, *, last: int | None = None) -> list[int]:
    """Return what was heard; nothing while `last` is not the last of it."""
    numbers = [number for _, number in await hearer.heard()]
    return numbers if last is None or numbers[-1:] == [last] else []
