"""What only the in-process bus can do to us: publishers that wait for handlers, dead letters in files."""

import asyncio
import stat
import time
from pathlib import Path

import pytest

from shared.bus.in_process import InProcessBus
from shared.bus.port import BusUnavailable, Message
from shared.bus.spool import Spool
from shared.errors import Invalid
from tests.support.buses import QUICK, Listener, listening, message, messages, until


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """Give an empty directory of dead letters."""
    return Spool(tmp_path / "dead-letters")


@pytest.fixture
def bus(spool: Spool) -> InProcessBus:
    """Give a bus that loses patience soon."""
    return InProcessBus(spool, retry=QUICK, patience=0.2, drain=0.5)


async def test_publishing_returns_only_after_the_message_is_handled(bus: InProcessBus) -> None:
    """The publisher's outbox row is all that survives a crash: it must not go before the work is done."""
    listener = Listener(lambda _arrived: asyncio.sleep(0.05))
    async with bus.consuming([listening(listener)]):
        await bus.publish([message()])
        assert len(listener.handled) == 1


async def test_who_publishes_first_is_handled_first_even_when_the_consumer_is_full(bus: InProcessBus) -> None:
    """The relays of several services publish at once; a key's order is the order of their publishing."""
    listener = Listener(lambda _arrived: asyncio.sleep(0.002))
    batch = messages(30)
    async with bus.consuming([listening(listener, prefetch=1)]):
        await asyncio.gather(*(bus.publish([sent]) for sent in batch))
    assert listener.handled == batch


async def test_a_consumer_that_was_declared_and_does_not_come_is_waited_for_with_bounded_patience(bus: InProcessBus) -> None:
    """The relay must be able to say that it is behind."""
    await bus.declare([listening(Listener())])
    with pytest.raises(BusUnavailable, match=r"tests\.main does not take messages"):
        await bus.publish([message()])


async def test_a_consumer_that_has_stopped_is_not_waited_for(spool: Spool) -> None:
    """At the end of the process each relay would otherwise wait for consumers that will not come back."""
    bus = InProcessBus(spool, retry=QUICK, patience=30)
    async with bus.consuming([listening(Listener())]):
        pass
    began = time.monotonic()
    with pytest.raises(BusUnavailable):
        await bus.publish([message()])
    assert time.monotonic() - began < 1


async def test_cancelling_a_publisher_cancels_the_handler_that_works_for_it(bus: InProcessBus) -> None:
    """Nobody would know any more whether the work was done: the row stays and the event comes again."""
    listener = Listener(lambda _arrived: asyncio.sleep(3600))
    async with bus.consuming([listening(listener)]):
        publishing = asyncio.create_task(bus.publish([message()]))
        await until(lambda: listener.begun)
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
        assert listener.in_work.total() == 0


async def test_dead_letters_outlive_the_process(bus: InProcessBus, spool: Spool) -> None:
    """The embedded mode is restarted every day; what could not be handled must still be there."""

    def refuses(_arrived: Message) -> None:
        raise Invalid("no")

    sent = message("a", 1)
    async with bus.consuming([listening(Listener(refuses))]):
        await bus.publish([sent])
    reborn, listener = InProcessBus(spool, retry=QUICK), Listener()
    async with reborn.consuming([listening(listener)]):
        [letter] = [letter async for letter in reborn.dead_letters("tests.main")]
        assert (letter.message, letter.code) == (sent, "invalid")
        assert await reborn.replay("tests.main", sent.id)
        assert listener.handled == [sent]
        assert [letter async for letter in reborn.dead_letters("tests.main")] == []


async def test_a_letter_stays_when_its_replay_is_broken_off(bus: InProcessBus) -> None:
    """Replaying is done by people, who also press Ctrl-C."""
    patient = [False]

    def rule(_arrived: Message) -> asyncio.Future[None] | None:
        if not patient[0]:
            raise Invalid("no")
        return asyncio.get_running_loop().create_future()

    listener, sent = Listener(rule), message()
    async with bus.consuming([listening(listener)]):
        await bus.publish([sent])
        patient[0] = True
        replaying = asyncio.create_task(bus.replay("tests.main", sent.id))
        await until(lambda: len(listener.begun) == 2)
        replaying.cancel()
        await asyncio.gather(replaying, return_exceptions=True)
        assert [letter.message async for letter in bus.dead_letters("tests.main")] == [sent]


async def test_dead_letters_are_for_their_owner_only(bus: InProcessBus, tmp_path: Path) -> None:
    """They hold personal data."""

    def refuses(_arrived: Message) -> None:
        raise Invalid("no")

    async with bus.consuming([listening(Listener(refuses))]):
        await bus.publish([message()])
    [file] = (tmp_path / "dead-letters").rglob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
