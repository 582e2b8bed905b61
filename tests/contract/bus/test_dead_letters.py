"""What every adapter does with a message whose handler fails: tried again where that may help, kept as a dead letter where it cannot."""

import asyncio
from uuid import uuid4

import pytest
from pydantic import SecretStr

from shared.bus.port import MAX_ATTEMPTS, Bus, Message, Retry, UnknownConsumer
from shared.errors import Invalid, Upstream
from shared.events.cloudevents import encode
from tests.support.buses import Listener, Venue, eventually, listening, message, messages, until
from tests.support.telling import hearing, said
from tests.support.telling import listening as hears


async def letters(bus: Bus, consumer: str = "tests.main", limit: int = 100) -> list[Message]:
    """Return what is in a consumer's dead letters."""
    return [letter.message async for letter in bus.dead_letters(consumer, limit=limit)]


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


async def until_letters(bus: Bus, count: int) -> None:
    """Wait until a consumer has so many dead letters."""

    async def there() -> bool:
        return len(await letters(bus)) == count

    await eventually(there)


def always_refuses(_arrived: Message) -> None:
    """Fail as a handler does that can never handle the message."""
    raise Invalid("no")


def _fail_while(failing: bool, error: Exception) -> None:
    if failing:
        raise error
