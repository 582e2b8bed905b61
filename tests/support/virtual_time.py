"""Time that passes as soon as somebody waits, for the connector's limits and for the simulator that counts them."""

import asyncio
import heapq
from collections.abc import Coroutine
from itertools import count
from typing import Any

from connector.rates.waiting import Timing
from sophos_central_simulator.clock import Clock


def jumping(clock: Clock) -> Timing:
    """Return the simulator's time: real time goes on, and whoever sleeps moves it ahead instead."""

    async def sleep(seconds: float) -> None:
        clock.advance(seconds)
        await asyncio.sleep(0)

    return Timing(lambda: clock.now().timestamp(), sleep)


class Stage:
    """A clock for several actors at once: it moves to the next one's waking when all of them sleep, and not before."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.timing = Timing(lambda: self.now, self.sleep)
        self._asleep: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._awake = 0

    async def sleep(self, seconds: float) -> None:
        """Return when so much time has passed."""
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._asleep, (self.now + seconds, next(self._numbers), waking))
        self._left()
        await waking

    async def play(self, *actors: Coroutine[Any, Any, None]) -> None:
        """Let all of them act until all have ended."""
        self._awake = len(actors)
        await asyncio.gather(*(self._acting(actor) for actor in actors))

    async def _acting(self, actor: Coroutine[Any, Any, None]) -> None:
        try:
            await actor
        finally:
            self._left()

    def _left(self) -> None:
        self._awake -= 1
        while not self._awake and self._asleep:
            moment, _, waking = heapq.heappop(self._asleep)
            self.now = max(self.now, moment)
            self._awake += 1
            waking.set_result(None)
