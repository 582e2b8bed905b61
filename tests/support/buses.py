"""Buses, consumers and messages for tests."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from pydantic import SecretStr
from yarl import URL

from shared.bus.in_process import InProcessBus
from shared.bus.port import Bus, BusUnavailable, Consumer, Message, RetryPolicy
from shared.bus.rabbit import connected
from shared.ids import new_id
from tests.support.tcp_proxy import TcpProxy

QUICK = RetryPolicy(first=0.01, longest=0.05, longest_attempt=1.0)
"""Pauses too short to notice."""
THINGS = "tests.thing.happened.v1"
OTHERS = "tests.other.happened.v1"

Rule = Callable[[Message], Awaitable[None] | None]
Opening = Callable[[], AbstractAsyncContextManager[Bus]]


def message(key: str = "a", number: int = 0, *, topic: str = THINGS, body: bytes | None = None) -> Message:
    """Return a message whose body is its key and number."""
    return Message(new_id(), topic, key, orjson.dumps([key, number]) if body is None else body)


def messages(count: int, *, keys: int = 1, topic: str = THINGS) -> list[Message]:
    """Return numbered messages that take turns over so many keys."""
    return [message(f"key-{number % keys}", number, topic=topic) for number in range(count)]


@dataclass
class Listener:
    """A handler that remembers what it handled, in order, after doing what `rule` says."""

    rule: Rule | None = None
    afterwards: Callable[[], Any] | None = None
    handled: list[Message] = field(default_factory=list)
    begun: list[Message] = field(default_factory=list)
    in_work: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0
    most_of_one_key: int = 0

    async def __call__(self, arrived: Message) -> None:
        """Handle a message."""
        self.begun.append(arrived)
        self.in_work[arrived.key] += 1
        self.most_at_once = max(self.most_at_once, self.in_work.total())
        self.most_of_one_key = max(self.most_of_one_key, self.in_work[arrived.key])
        try:
            done = self.rule(arrived) if self.rule is not None else None
            if done is not None:
                await done
        finally:
            self.in_work[arrived.key] -= 1
        self.handled.append(arrived)
        if self.afterwards is not None:
            self.afterwards()

    @property
    def ids(self) -> list[UUID]:
        """What was handled, in order, by id."""
        return [handled.id for handled in self.handled]

    def numbers(self, key: str) -> list[int]:
        """Return the numbers of what was handled for one key, in order."""
        return [orjson.loads(handled.body)[1] for handled in self.handled if handled.key == key]


def listening(
    handle: Callable[[Message], Awaitable[None]], *, name: str = "main", topics: Iterable[str] = (THINGS,), **settings: Any
) -> Consumer:
    """Return a consumer of the service `tests`."""
    return Consumer(service="tests", name=name, topics=frozenset(topics), handle=handle, **settings)


async def until(condition: Callable[[], Any], *, seconds: float = 15.0) -> None:
    """Wait until the condition is true. Raises `TimeoutError`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the conditions of tests are many, and none of them announces itself
            await asyncio.sleep(0.005)


async def eventually(look: Callable[[], Awaitable[Any]], *, seconds: float = 15.0) -> None:
    """Wait until an asynchronous look finds something true. Raises `TimeoutError`."""
    async with asyncio.timeout(seconds):
        while not await look():  # noqa: ASYNC110 - neither do these
            await asyncio.sleep(0.02)


async def hand_over(bus: Bus, batch: Sequence[Message]) -> None:
    """Publish as a relay does: what was not confirmed is published again, in order, until everything is."""
    waiting = list(batch)
    while waiting:
        try:
            await bus.publish(list(waiting), confirmed=waiting.remove)
        except BusUnavailable:
            await asyncio.sleep(0.02)


@dataclass
class Venue:
    """One adapter in a place of its own. `opened` gives a bus; each call one more replica's, where there can be several."""

    opened: Opening
    adapter: str
    proxy: TcpProxy | None = None
    """What stands between the buses and the broker."""

    async def lose_the_confirm(self, bus: Bus, batch: Sequence[Message], listener: Listener) -> list[Message]:
        """Publish so that the first message is handled and the publisher never learns it. Returns what was confirmed all the same."""
        confirmed: list[Message] = []
        if self.proxy is not None:
            self.proxy.pause("to_client")
        publishing = asyncio.create_task(bus.publish(batch, confirmed=confirmed.append))
        if self.proxy is None:
            listener.afterwards = publishing.cancel
        await asyncio.gather(publishing, return_exceptions=True)
        listener.afterwards = None
        if self.proxy is not None:
            self.proxy.cut()
            self.proxy.resume("to_client")
        return confirmed


@asynccontextmanager
async def on_rabbitmq(url: SecretStr, name: str) -> AsyncIterator[Venue]:
    """Give a venue on RabbitMQ, reached through a proxy."""
    address = URL(url.get_secret_value())
    async with TcpProxy(str(address.host), address.port or 5672).running() as proxy:
        through = SecretStr(str(address.with_host("127.0.0.1").with_port(proxy.port)))
        yield Venue(lambda: connected(through, name, retry=QUICK, patience=1.0, drain=0.5), "rabbitmq", proxy)


def in_this_process(bus: InProcessBus) -> Venue:
    """Return a venue whose every bus is the one bus of this process."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Bus]:
        yield bus

    return Venue(opened, "in_process")
