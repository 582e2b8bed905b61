"""The outbox, its relay and the inbox, on both databases."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from sqlalchemy import func, insert, select, text

from shared.bus.in_process import InProcessBus
from shared.bus.port import Bus, BusUnavailable, Confirmed, Message
from shared.bus.spool import Spool
from shared.clock import now
from shared.events.cloudevents import decode
from shared.ids import new_id
from shared.inbox import KEPT, claim, forget
from shared.outbox import RELAY_LOCK, Relay
from tests.support.buses import QUICK, eventually, until
from tests.support.telling import SAID, SPEAKERS, TELLER_INBOX, TELLER_OUTBOX, Teller, hearing, listening, said, telling


class Ear(InProcessBus):
    """A bus that remembers what it was given, and can be made to fail after so many messages."""

    def __init__(self, spool: Spool) -> None:
        super().__init__(spool)
        self.taken: list[Message] = []
        self.fails_after: int | None = None
        self.error: Exception = BusUnavailable("away")

    async def publish(self, messages: Sequence[Message], *, confirmed: Confirmed | None = None) -> None:
        """Take messages until it is time to fail."""
        for message in messages:
            if self.fails_after is not None and len(self.taken) >= self.fails_after:
                raise self.error
            self.taken.append(message)
            await asyncio.sleep(0)
            if confirmed is not None:
                confirmed(message)

    @property
    def numbers(self) -> list[int]:
        """The numbers that were told, in order."""
        return [decode(message.body).pages for message in self.taken]  # type: ignore[attr-defined]


@pytest.fixture
def ear(tmp_path: Path) -> Ear:
    """Give a bus that takes everything."""
    return Ear(Spool(tmp_path / "spool"))


@pytest.fixture
async def teller(database_url: SecretStr, ear: Ear) -> AsyncIterator[Teller]:
    """Give a teller whose relay does not run yet."""
    async with telling(database_url, ear) as opened:
        yield opened


def metric(name: str) -> float:
    """Return a metric of the teller."""
    return REGISTRY.get_sample_value(name, {"service": "teller"}) or 0.0


async def test_what_a_transaction_says_is_told_once_it_commits(teller: Teller, ear: Ear) -> None:
    """The only road out of a service."""
    async with teller.relay.running():
        await teller.say(range(3))
        await until(lambda: len(ear.taken) == 3)
    assert ear.numbers == [0, 1, 2]
    assert await teller.waiting() == 0


async def test_a_transaction_that_is_rolled_back_tells_nothing(teller: Teller, ear: Ear) -> None:
    """Others would act on something that has never happened."""

    async def fail_after_saying() -> None:
        async with teller.units.begin() as unit:
            await unit.session.execute(insert(SAID).values(number=1, speaker=SPEAKERS[0]))
            unit.record(said(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_saying()
    assert await teller.waiting() == 0
    async with teller.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(SAID)) == 0
    assert await teller.relay.drain() == 0
    assert ear.taken == []


async def test_the_relay_keeps_the_order_of_writing_over_many_batches(teller: Teller, ear: Ear) -> None:
    """Events with one key are ordered by their outbox position; no batch may overtake another."""
    await teller.say(range(200))
    assert await teller.relay.drain() == 200
    assert ear.numbers == list(range(200))


async def test_what_was_confirmed_is_not_sent_again_when_the_rest_fails(teller: Teller, ear: Ear) -> None:
    """A bus that is away in the middle of a batch must not make everything before it come twice."""
    await teller.say(range(10))
    ear.fails_after = 4
    with pytest.raises(BusUnavailable):
        await teller.relay.drain()
    assert await teller.waiting() == 6
    ear.fails_after = None
    assert await teller.relay.drain() == 6
    assert ear.numbers == list(range(10))


@pytest.mark.parametrize("error", [BusUnavailable("away"), OSError("cut"), KeyError("a bug")], ids=repr)
async def test_the_relay_waits_says_so_and_goes_on_whatever_fails(teller: Teller, ear: Ear, error: Exception) -> None:
    """A relay that ended quietly would keep every later event back, and nobody would know."""
    await teller.say(range(3))
    ear.fails_after, ear.error = 1, error
    before = metric("rollcall_outbox_relayed_total")
    async with teller.relay.running():
        await until(lambda: teller.relay.behind_since is not None)
        assert metric("rollcall_outbox_pending") == 2
        assert metric("rollcall_outbox_relayed_total") == before + 1
        ear.fails_after = None
        await until(lambda: teller.relay.behind_since is None and len(ear.taken) == 3)
        await until(lambda: metric("rollcall_outbox_pending") == 0)
    assert metric("rollcall_outbox_relayed_total") == before + 3
    assert metric("rollcall_outbox_oldest_seconds") == 0


async def test_an_event_that_nobody_hears_waits_for_its_first_reader(database_url: SecretStr, tmp_path: Path) -> None:
    """Services start in any order, and one that is added later still gets what was said before."""
    bus = InProcessBus(Spool(tmp_path / "spool"), retry=QUICK)
    async with telling(database_url, bus) as teller, hearing(SecretStr(f"sqlite:///{tmp_path / 'hearer.db'}")) as hearer:
        async with teller.relay.running():
            await teller.say(range(4))
            await until(lambda: teller.relay.behind_since is not None)
            assert await teller.waiting() == 4
            async with listening(hearer, bus):
                await until(lambda: teller.relay.behind_since is None)
                await eventually(teller.nothing_waits)
        assert [number for _, number in await hearer.heard()] == [0, 1, 2, 3]


def second(teller: Teller, bus: Bus) -> Relay:
    """Return another replica's relay on the same database."""
    return Relay(teller.database, TELLER_OUTBOX, bus, poll=0.02)


@pytest.mark.postgres
async def test_of_two_relays_only_one_hands_over_and_the_other_takes_its_place(postgres_url: SecretStr, tmp_path: Path) -> None:
    """Two relays at once would overtake each other; none at all would keep everything back."""
    one, other = Ear(Spool(tmp_path / "one")), Ear(Spool(tmp_path / "other"))
    async with telling(postgres_url, one) as teller, second(teller, other).running():
        await teller.say(range(5))
        await until(lambda: len(other.taken) == 5)
        async with teller.relay.running():
            await teller.say(range(5, 30))
            await until(lambda: len(other.taken) == 30)
            assert one.taken == []
            assert await _kill_leaders(teller) == 1
            await teller.say(range(30, 60))
            await until(lambda: len(one.taken) + len(other.taken) >= 60)
    assert sorted({*one.numbers, *other.numbers}) == list(range(60))
    for ear in (one, other):
        assert ear.numbers == sorted(ear.numbers)


@pytest.mark.postgres
async def test_the_lock_passes_on_when_a_relay_stops(postgres_url: SecretStr, tmp_path: Path) -> None:
    """A rolling deployment stops the leader first as often as last; its lock must not stay in its connection pool."""
    one, other = Ear(Spool(tmp_path / "one")), Ear(Spool(tmp_path / "other"))
    async with telling(postgres_url, one) as teller:
        async with teller.relay.running():
            await teller.say(range(3))
            await until(lambda: len(one.taken) == 3)
        async with second(teller, other).running():
            await teller.say(range(3, 6))
            await until(lambda: len(other.taken) == 3)
    assert other.numbers == [3, 4, 5]


async def test_a_relay_forgets_old_claims_and_keeps_the_others(teller: Teller, ear: Ear) -> None:
    """The inbox would grow for ever, and each handler's transaction with it."""
    async with teller.database.writes() as session, session.begin():
        for age in (KEPT + timedelta(days=1), KEPT - timedelta(days=1)):
            await session.execute(insert(TELLER_INBOX).values(consumer="c", event_id=new_id(), handled_at=now() - age))

    async def one_is_left() -> bool:
        return await _claims(teller) == 1

    async with teller.relay.running(inbox=TELLER_INBOX):
        await eventually(one_is_left)


async def test_forgetting_is_done_in_bounded_pieces(teller: Teller) -> None:
    """Removing a million claims in one transaction would hold up the handlers that write there."""
    async with teller.database.writes() as session, session.begin():
        old = [{"consumer": "c", "event_id": new_id(), "handled_at": now() - 2 * KEPT} for _ in range(7)]
        await session.execute(insert(TELLER_INBOX), old)
        assert await forget(session, TELLER_INBOX, now() - KEPT, most=5) == 5
        assert await forget(session, TELLER_INBOX, now() - KEPT, most=5) == 2


async def test_an_event_is_claimed_once_by_each_consumer(teller: Teller) -> None:
    """Two consumers of one service hear the same event; each must handle it, and only once."""
    event = new_id()
    async with teller.database.writes() as session, session.begin():
        claims = [bool(await claim(session, TELLER_INBOX, consumer, [event])) for consumer in ("a", "a", "b", "b")]
    assert claims == [True, False, True, False]


async def _claims(teller: Teller) -> int:
    async with teller.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(TELLER_INBOX)) or 0


async def _kill_leaders(teller: Teller) -> int:
    """End the connections that hold the relay's lock; return how many there were."""
    async with teller.database.engine.connect() as connection:
        killed = await connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = :lock AND granted"),
            {"lock": RELAY_LOCK},
        )
        return len(killed.all())
