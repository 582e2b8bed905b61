"""Events that arrive together are handled in one transaction for each cause, and each of them once."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlalchemy import insert

from shared.bus.port import Consumer, Message
from shared.bus.subscriptions import Lane, Subscriptions
from shared.events import ListingCompleted
from shared.events.cloudevents import encode
from shared.unit import Unit
from tests.support.telling import HEARD, HEARER_INBOX, Hearer, hearing, said


def messages(*numbers: int, cause: UUID) -> list[Message]:
    """Return numbers as messages of one cause."""
    events = [said(number).caused_by(cause, None) for number in numbers]
    return [Message(event.id, event.topic, event.key, encode(event)) for event in events]


def consumer(hearer: Hearer, calls: list[list[int]], *, refuses: int | None = None) -> Consumer:
    """Return a consumer that takes several at once and notes with whom each came."""
    subscriptions = Subscriptions("hearer")

    @subscriptions.on_several(ListingCompleted, lane=Lane("main"))
    async def write_down(events: Sequence[ListingCompleted], unit: Unit) -> None:
        for event in events:
            await unit.session.execute(insert(HEARD).values(number=event.pages, speaker=event.provenance.integration_id))
            if event.pages == refuses:
                raise RuntimeError
        calls.append([event.pages for event in events])

    [made] = subscriptions.consumers(hearer.units, HEARER_INBOX)
    return made


async def test_events_of_one_cause_share_a_transaction_and_others_do_not(database_url: SecretStr) -> None:
    """What a transaction writes bears one correlation id: two runs must not be told apart by chance."""
    calls: list[list[int]] = []
    one, other = messages(1, 2, cause=uuid4()), messages(3, cause=uuid4())
    async with hearing(database_url) as hearer:
        together = consumer(hearer, calls).together
        assert together is not None
        await together([*one, *other])
        assert calls == [[1, 2], [3]]
        assert [number for _, number in await hearer.heard()] == [1, 2, 3]


async def test_what_was_handled_before_is_left_out(database_url: SecretStr) -> None:
    """A parcel that comes again may have other company, and may hold an event twice."""
    calls: list[list[int]] = []
    first, second, third = messages(1, 2, 3, cause=uuid4())
    async with hearing(database_url) as hearer:
        made = consumer(hearer, calls)
        assert made.together is not None
        await made.handle(second)
        await made.together([first, first, second, third])
        await made.together([first, second])
        assert calls == [[2], [1, 3]]
        assert [number for _, number in await hearer.heard()] == [2, 1, 3]


async def test_a_failure_takes_all_of_its_cause_back(database_url: SecretStr) -> None:
    """Each is tried by itself then: nothing of the first try may have stayed."""
    calls: list[list[int]] = []
    batch = messages(1, 2, 3, cause=uuid4())
    async with hearing(database_url) as hearer:
        made = consumer(hearer, calls, refuses=2)
        assert made.together is not None
        try:
            await made.together(batch)
        except RuntimeError:
            assert await hearer.heard() == []
        await made.handle(batch[0])
        assert [number for _, number in await hearer.heard()] == [1]
        assert calls == [[1]]
