"""A program for crash tests: the teller and the hearer over a bus; it kills itself at the place that `KILL_AT` names.

Run again without `KILL_AT`, it goes on where it was, and ends when all that was said is heard.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiormq
from pydantic import SecretStr
from sqlalchemy import func, select

from shared.bus.in_process import InProcessBus
from shared.bus.port import Bus
from shared.bus.rabbit import connected
from shared.bus.spool import Spool
from shared.outbox import Relay
from tests.support.buses import QUICK
from tests.support.telling import SAID, Teller, hearing, listening, telling

NUMBERS = 30
SURVIVED = 9
"""How many times the place is passed before the program dies there: in the middle of things, not at their beginning."""


class Place:
    """A place in the program at which it may die."""

    def __init__(self, name: str) -> None:
        self._deadly = os.environ.get("KILL_AT") == name
        self._passed = 0

    def __call__(self) -> None:
        """Pass, or die without any chance to clean up."""
        self._passed += 1
        if self._deadly and self._passed > SURVIVED:
            os.kill(os.getpid(), signal.SIGKILL)


def before(owner: Any, name: str, place: Callable[[], None], *, skipping: Callable[..., bool] = lambda *_: False) -> None:
    """Have `place` passed before each call of an async function."""
    original = getattr(owner, name)

    async def passing(*args: Any, **kwargs: Any) -> Any:
        if not skipping(*args):
            place()
        return await original(*args, **kwargs)

    setattr(owner, name, passing)


def after(owner: Any, name: str, place: Callable[[], None]) -> None:
    """Have `place` passed after each call of an async function."""
    original = getattr(owner, name)

    async def passing(*args: Any, **kwargs: Any) -> Any:
        result = await original(*args, **kwargs)
        place()
        return result

    setattr(owner, name, passing)


@asynccontextmanager
async def the_bus() -> AsyncIterator[Bus]:
    """Give the bus that the environment names."""
    url = os.environ.get("TEST_BUS_URL")
    if url:
        async with connected(SecretStr(url), os.environ["TEST_BUS_NAME"], retry=QUICK) as bus:
            yield bus
    else:
        yield InProcessBus(Spool(Path(os.environ["TEST_SPOOL"])), retry=QUICK)


async def say_the_rest(teller: Teller) -> None:
    """Say the numbers that were not said before."""
    async with teller.database.reading() as session:
        already = await session.scalar(select(func.count()).select_from(SAID)) or 0
    for number in range(already, NUMBERS):
        await teller.say([number])
        await asyncio.sleep(0.005)


async def main() -> None:
    """Tell and hear until everything is heard."""
    place = Place("after_handling_before_ack")
    after(InProcessBus, "_handle", place)
    before(aiormq.Channel, "basic_ack", place)
    before(Relay, "_remove", Place("after_publish_before_removal"), skipping=lambda _relay, _connection, positions: not positions)
    async with the_bus() as bus, telling(_url("TELLER"), bus) as teller, hearing(_url("HEARER")) as hearer:
        before(bus, "publish", Place("after_commit_before_publish"))
        async with teller.relay.running(), listening(hearer, bus, at_the_end=Place("in_the_handler_before_commit")):
            await say_the_rest(teller)
            while await teller.waiting() or len(await hearer.heard()) < NUMBERS:  # noqa: ASYNC110 - nothing announces the last one
                await asyncio.sleep(0.02)


def _url(service: str) -> SecretStr:
    return SecretStr(os.environ[f"TEST_{service}_URL"])


if __name__ == "__main__":
    asyncio.run(main())
