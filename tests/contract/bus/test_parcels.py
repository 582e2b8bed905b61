"""Messages of one key that follow each other travel as a parcel, and are handled at once: on each adapter."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from shared.bus.parcels import LARGEST, MOST, parcels
from shared.bus.port import Bus, Consumer, Message
from shared.errors import Invalid
from shared.events.base import CONTRACTS
from tests.support.buses import OTHERS, THINGS, Listener, Venue, hand_over, listening, message, messages, until


@pytest.fixture(autouse=True)
def _things_travel_together(monkeypatch: pytest.MonkeyPatch) -> None:
    class Together:
        needed, together = True, True

    contracts: dict[str, Any] = CONTRACTS
    monkeypatch.setitem(contracts, THINGS, Together)


class Gatherer(Listener):
    """A listener that can also take a parcel at once; one that holds a message of `poison` is refused as a whole."""

    def __init__(self, *poison: Message) -> None:
        super().__init__(self._refuse)
        self.poison = poison
        self.parcels: list[list[Message]] = []

    def _refuse(self, arrived: Message) -> None:
        if arrived in self.poison:
            raise Invalid("poison")

    async def several(self, parcel: Sequence[Message]) -> None:
        """Handle a parcel, all of it or nothing."""
        for arrived in parcel:
            self._refuse(arrived)
        self.parcels.append(list(parcel))
        self.handled.extend(parcel)

    def consumer(self) -> Consumer:
        """Return the consumer that this listener is."""
        return listening(self, together=self.several)


def test_a_parcel_holds_what_follows_each_other_and_never_too_much() -> None:
    """Order holds per key, so a parcel must not reach over what was said of another key; and its memory must be bounded."""
    batch = [message("a", 1), message("a", 2), message("b", 3), message("a", 4), message("a", 5, topic=OTHERS)]
    assert list(parcels(batch)) == [batch[:2], batch[2:3], batch[3:4], batch[4:]]
    assert [len(parcel) for parcel in parcels(messages(MOST + 1))] == [MOST, 1]
    large = [message("a", body=b"x" * (LARGEST // 2)) for _ in range(3)]
    assert [len(parcel) for parcel in parcels(large)] == [2, 1]
    [[alone]] = parcels([message("a", body=b"x" * 2 * LARGEST)])
    assert len(alone.body) > LARGEST, "a message that is too large for company travels by itself"
    unknown = [message("a", topic=OTHERS), message("a", topic=OTHERS)]
    assert [len(parcel) for parcel in parcels(unknown)] == [1, 1]
    assert list(parcels([])) == []


async def test_a_parcel_is_handled_at_once_and_each_of_its_messages_confirmed_once(bus: Bus) -> None:
    """A transaction for each page of a directory would be what a sync waits for."""
    confirmed: list[Message] = []
    gatherer, batch = Gatherer(), messages(2 * MOST + 8)
    async with bus.consuming([gatherer.consumer()]):
        await bus.publish(batch, confirmed=confirmed.append)
        await until(lambda: len(gatherer.handled) == len(batch))
    assert gatherer.handled == confirmed == batch
    assert [len(parcel) for parcel in gatherer.parcels] == [MOST, MOST, 8]


async def test_who_takes_one_at_a_time_gets_the_messages_of_a_parcel_one_by_one(bus: Bus) -> None:
    """Travelling together is the publisher's business; nobody has to know of it."""
    listener, batch = Listener(), messages(20)
    async with bus.consuming([listening(listener)]):
        await bus.publish(batch)
        await until(lambda: len(listener.handled) == len(batch))
    assert listener.handled == batch


async def test_one_that_cannot_be_handled_costs_its_parcel_nothing(bus: Bus) -> None:
    """One poisonous page must neither stop nor bury those that happen to travel with it, nor turn their order round."""
    batch = messages(10)
    gatherer = Gatherer(batch[4])
    async with bus.consuming([gatherer.consumer()]):
        await bus.publish(batch)
        await until(lambda: len(gatherer.handled) == len(batch) - 1)
        letters: list[Any] = []
        while not letters:
            letters = [letter async for letter in bus.dead_letters("tests.main")]
        assert [(letter.message, letter.code) for letter in letters] == [(batch[4], "invalid")]
        assert gatherer.handled == [*batch[:4], *batch[5:]]
        gatherer.poison = ()
        assert await bus.replay("tests.main", batch[4].id)
        await until(lambda: len(gatherer.handled) == len(batch))
    assert gatherer.handled[-1] == batch[4]


async def test_a_consumer_killed_in_the_middle_of_a_parcel_loses_nothing_of_it(venue: Venue) -> None:
    """What was not answered for comes again, from its beginning and in order."""
    dying, successor, batch = Listener(lambda _arrived: asyncio.sleep(0.02)), Listener(), messages(12)
    async with venue.opened() as publishing_bus:
        await publishing_bus.declare([listening(dying)])
        publishing = asyncio.create_task(hand_over(publishing_bus, batch))

        async def consume_until_killed() -> None:
            async with venue.opened() as bus, bus.consuming([listening(dying)]):
                await asyncio.sleep(3600)

        consuming = asyncio.create_task(consume_until_killed())
        await until(lambda: len(dying.handled) >= 3)
        consuming.cancel()
        await asyncio.gather(consuming, return_exceptions=True)
        async with publishing_bus.consuming([listening(successor)]):
            await publishing
            await until(lambda: {*dying.ids, *successor.ids} == {sent.id for sent in batch})
    assert successor.numbers("key-0") == sorted(successor.numbers("key-0"))
