"""What every adapter does with messages that nobody asks for: kept back, unless they need not be heard."""

import asyncio

import pytest

from shared.bus.port import Bus, Message, Unroutable
from shared.events.base import CONTRACTS, Event
from tests.support.buses import OTHERS, THINGS, Listener, hand_over, listening, message, until


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
