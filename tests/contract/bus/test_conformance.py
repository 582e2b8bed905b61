"""What every adapter of the bus does: the same scenarios on each."""

import asyncio
import random
from uuid import uuid4

import pytest
from pydantic import SecretStr

from shared.bus.port import MAX_ATTEMPTS, PARTITIONS, Bus, Message, Retry, UnknownConsumer, Unroutable
from shared.errors import Invalid, Upstream
from shared.events.base import CONTRACTS, Event
from shared.events.cloudevents import encode
from tests.support.buses import OTHERS, THINGS, Listener, Venue, eventually, hand_over, listening, message, messages, until
from tests.support.telling import Hearer, hearing, said
from tests.support.telling import listening as hears


async def letters(bus: Bus, consumer: str = "tests.main", limit: int = 100) -> list[Message]:
    """Return what is in a consumer's dead letters."""
    return [letter.message async for letter in bus.dead_letters(consumer, limit=limit)]


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


async def test_a_handler_that_fails_and_then_succeeds_has_handled_the_message(bus: Bus) -> None:
    """A passing failure must leave no trace: neither a dead letter nor a second effect."""
    listener = Listener(lambda _arrived: _fail_while(len(listener.begun) < MAX_ATTEMPTS, RuntimeError("passing")))
    async with bus.consuming([listening(listener)]):
        await bus.publish([message()])
        await until(lambda: listener.handled)
        assert await letters(bus) == []
    assert len(listener.begun) == MAX_ATTEMPTS


async def test_errors_of_the_world_are_retried_for_as_long_as_it_takes(bus: Bus) -> None:
    """A database that is away for an hour must not fill the dead letters with sound messages."""
    errors = [Retry("later"), ConnectionError("away"), TimeoutError("slow")]
    listener = Listener(lambda _arrived: _fail_while(len(listener.begun) < 4 * MAX_ATTEMPTS, errors[len(listener.begun) % 3]))
    async with bus.consuming([listening(listener)]):
        await bus.publish([message()])
        await until(lambda: listener.handled)
        assert await letters(bus) == []
    assert len(listener.begun) == 4 * MAX_ATTEMPTS


async def test_a_handler_that_hangs_is_called_again(bus: Bus) -> None:
    """Without a limit one lost answer of a server would stop a partition until somebody restarts the service."""
    listener = Listener(lambda _arrived: asyncio.sleep(3600 if len(listener.begun) == 1 else 0))
    async with bus.consuming([listening(listener)]):
        await bus.publish([message()])
        await until(lambda: listener.handled)
    assert len(listener.begun) == 2


@pytest.mark.parametrize(
    ("error", "attempts", "code", "reason"),
    [
        (Invalid("the page names no tenant"), 1, "invalid", "the page names no tenant"),
        (Upstream("no answer"), MAX_ATTEMPTS, "upstream_failed", "no answer"),
        (KeyError("secret content"), MAX_ATTEMPTS, "handler_failed", "KeyError in the handler"),
    ],
    ids=["not retryable", "retryable", "unexpected"],
)
async def test_a_message_that_cannot_be_handled_becomes_a_dead_letter_that_says_why(
    bus: Bus, error: Exception, attempts: int, code: str, reason: str
) -> None:
    """One bad message must not stop those behind it, and somebody must be able to see and mend it."""
    listener = Listener(lambda arrived: _fail_while(arrived == poison, error))
    poison, sound = message("a", 1), message("a", 2)
    async with bus.consuming([listening(listener)]):
        await bus.publish([poison, sound])
        await until(lambda: listener.handled)
        [letter] = [letter async for letter in bus.dead_letters("tests.main")]
    assert listener.handled == [sound]
    assert (letter.consumer, letter.message) == ("tests.main", poison)
    assert (letter.code, letter.reason, letter.attempts) == (code, reason, attempts)
    assert len(listener.begun) == attempts + 1


async def test_only_the_consumer_that_failed_has_a_dead_letter(bus: Bus) -> None:
    """Replaying must reach the one that failed, and nobody who has done its work."""
    broken = [True]
    failing, sound = Listener(lambda _arrived: _fail_while(broken[0], Invalid("no"))), Listener()
    async with bus.consuming([listening(failing), listening(sound, name="sound")]):
        sent = message()
        await bus.publish([sent])
        await until(lambda: sound.handled and failing.begun)
        await until_letters(bus, 1)
        assert await letters(bus, "tests.sound") == []
        broken[0] = False
        assert await bus.replay("tests.main", sent.id)
        await until(lambda: failing.handled)
    assert sound.ids == failing.ids == [sent.id]


async def test_dead_letters_are_listed_oldest_first_and_stay_however_often_one_looks(bus: Bus) -> None:
    """A page that is refreshed all day must not wear the letters out: brokers count deliveries."""
    listener, batch = Listener(always_refuses), messages(5)
    async with bus.consuming([listening(listener)]):
        await bus.publish(batch)
        await until_letters(bus, 5)
        for _ in range(30):
            assert await letters(bus, limit=3) == batch[:3]
        assert await letters(bus) == batch


async def test_a_dead_letter_can_be_replayed_and_is_gone_once_it_is_handled(bus: Bus) -> None:
    """Mending the cause is half of the remedy; the other half is getting the message handled."""
    broken = [True]
    listener = Listener(lambda _arrived: _fail_while(broken[0], Invalid("no")))
    first, second = message("a", 1), message("b", 2)
    async with bus.consuming([listening(listener)]):
        await bus.publish([first, second])
        await until_letters(bus, 2)
        broken[0] = False
        assert await bus.replay("tests.main", second.id)
        await until(lambda: listener.handled)
        assert await letters(bus) == [first]
    assert listener.handled == [second]


async def test_a_replayed_letter_that_fails_again_is_a_dead_letter_again(bus: Bus) -> None:
    """Trying too early must not cost the message."""
    listener, sent = Listener(always_refuses), message()
    async with bus.consuming([listening(listener)]):
        await bus.publish([sent])
        await until_letters(bus, 1)
        assert await bus.replay("tests.main", sent.id)
        await until(lambda: len(listener.begun) == 2)
        await until_letters(bus, 1)
    assert listener.begun == [sent, sent]


async def test_a_dead_letter_can_be_discarded_and_others_stay(bus: Bus) -> None:
    """A message that nobody can mend must be removable without touching those that somebody can."""
    listener, batch = Listener(always_refuses), messages(3)
    async with bus.consuming([listening(listener)]):
        await bus.publish(batch)
        await until_letters(bus, 3)
        assert await bus.discard("tests.main", batch[1].id)
        assert not await bus.discard("tests.main", batch[1].id)
        assert await letters(bus) == [batch[0], batch[2]]


async def test_an_unknown_letter_is_not_there_and_an_unknown_consumer_is_an_error(bus: Bus) -> None:
    """A typing slip in an operator's command must not look like an empty list."""
    await bus.declare([listening(Listener())])
    assert await letters(bus) == []
    assert not await bus.replay("tests.main", uuid4())
    assert not await bus.discard("tests.main", uuid4())
    for asked in (letters(bus, "../tests.main"), bus.replay("nobody", uuid4()), bus.discard("nobody", uuid4())):
        with pytest.raises(UnknownConsumer):
            await asked


async def test_a_topic_that_nobody_has_ever_asked_for_is_refused(bus: Bus) -> None:
    """It would be lost: nobody could ever tell that it had been said."""
    confirmed: list[Message] = []
    listener = Listener()
    heard, unheard, behind = message("a", 1), message("a", 2, topic=OTHERS), message("a", 3)
    async with bus.consuming([listening(listener)]):
        with pytest.raises(Unroutable) as refused:
            await bus.publish([heard, unheard, behind], confirmed=confirmed.append)
        await until(lambda: listener.handled)
    assert OTHERS in str(refused.value)
    assert confirmed == listener.handled == [heard]


async def test_what_waited_for_its_first_reader_arrives_in_order_once_there_is_one(bus: Bus) -> None:
    """Nothing may overtake a refused message: it would be told after what was said later."""
    listener = Listener()
    batch = [message("a", 1), message("a", 2, topic=OTHERS), message("a", 3)]
    # It hears the one topic from the beginning: which of two is bound first must not decide what it hears.
    await bus.declare([listening(listener, topics=[THINGS])])
    publishing = asyncio.create_task(hand_over(bus, batch))
    await asyncio.sleep(0.1)
    async with bus.consuming([listening(listener, topics=[THINGS, OTHERS])]):
        await publishing
        await until(lambda: len(listener.handled) >= 3)
    assert listener.handled == batch


async def test_a_topic_that_need_not_be_heard_is_taken_without_a_reader(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events for optional readers must not stop the outbox where there are none."""

    class Optional:
        needed = False

    contracts: dict[str, type[Event | Optional]] = CONTRACTS  # type: ignore[assignment]
    monkeypatch.setitem(contracts, OTHERS, Optional)
    confirmed: list[Message] = []
    sent = message(topic=OTHERS)
    await bus.publish([sent], confirmed=confirmed.append)
    assert confirmed == [sent]


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


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"specversion":"1.0","type":"nobody.knows.this.v1","data":{}}',
        b'{"specversion":"1.0","type":"sources.listing.completed.v1","data":{"pages":"many"}}',
        encode(said(1)).replace(b"sources.listing.completed.v1", b"workflow.steps.ready.v1"),
    ],
    ids=["empty", "no json", "no object", "unknown topic", "breaks its contract", "another topic's"],
)
async def test_a_body_that_is_not_its_event_becomes_a_dead_letter_at_once(venue: Venue, sqlite_url: SecretStr, body: bytes) -> None:
    """Trying again cannot mend it, and the sound message behind it must not wait."""
    sound = said(1)
    broken = Message(uuid4(), sound.topic, sound.key, body)
    async with venue.opened() as bus, hearing(sqlite_url) as hearer, hears(hearer, bus):
        await bus.publish([broken, Message(sound.id, sound.topic, sound.key, encode(sound))])
        await eventually(hearer.heard)
        [letter] = [letter async for letter in bus.dead_letters("hearer.main")]
    assert (letter.message, letter.code, letter.attempts) == (broken, "malformed_event", 1)


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


async def test_a_bus_that_works_says_so(bus: Bus) -> None:
    """Readiness stands on it."""
    async with bus.consuming([listening(Listener())]):
        await bus.check()


async def until_letters(bus: Bus, count: int) -> None:
    """Wait until a consumer has so many dead letters."""

    async def there() -> bool:
        return len(await letters(bus)) == count

    await eventually(there)


async def heard_numbers(hearer: Hearer, *, last: int | None = None) -> list[int]:
    """Return what was heard; nothing while `last` is not the last of it."""
    numbers = [number for _, number in await hearer.heard()]
    return numbers if last is None or numbers[-1:] == [last] else []


def always_refuses(_arrived: Message) -> None:
    """Fail as a handler does that can never handle the message."""
    raise Invalid("no")


def _fail_while(failing: bool, error: Exception) -> None:
    if failing:
        raise error
