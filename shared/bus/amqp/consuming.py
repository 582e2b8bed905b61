"""Consuming: subscribe, work, and begin anew when the connection is lost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from shared.bus.amqp.link import Address
from shared.bus.amqp.publishing import Publisher
from shared.bus.amqp.session import Session, opened
from shared.bus.amqp.topology import Topology
from shared.bus.port import BusUnavailable, Consumer, RetryPolicy
from shared.clock import now
from shared.observability.logging import get_logger

log = get_logger(__name__)

STEADY_SECONDS = 10.0
"""A connection that held this long was a good one: the pauses before the next attempts start small again."""


class Consuming:
    """Keeps consumers subscribed. What is in work when the connection is lost is given up: the broker delivers it again."""

    def __init__(
        self,
        address: Address,
        topology: Topology,
        consumers: Sequence[Consumer],
        publisher: Publisher,
        *,
        retry: RetryPolicy,
        drain: float,
    ) -> None:
        self._address = address
        self._topology = topology
        self._consumers = list(consumers)
        self._publisher = publisher
        self._retry = retry
        self._drain = drain
        self._stop = asyncio.Event()
        self._session: Session | None = None
        self.lost_since: datetime | None = None
        """When the subscriptions were lost; None while they stand."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Consume inside the block; at its end finish what is in work. Raises `BusUnavailable` when it cannot begin."""
        await self._open()
        keeper = asyncio.create_task(self._keep(), name="bus-consuming")
        try:
            yield
        finally:
            self._stop.set()
            try:
                await keeper
            except asyncio.CancelledError:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)
                raise

    async def _keep(self) -> None:
        """Renew the session each time it is lost, until told to stop; then finish the last one."""
        tries = 0
        try:
            while not self._stop.is_set():
                if self._session is None:
                    tries += 1
                    await self._pause(tries)
                    await self._renew()
                    continue
                if await self._lost(self._session):
                    tries = 0 if self._session.age > STEADY_SECONDS else tries
                    await self._give_up(self._session)
            if self._session is not None:
                await self._session.finish(self._drain)
        finally:
            if self._session is not None:
                await self._session.abandon()

    async def _lost(self, session: Session) -> bool:
        """Wait until the session is lost (True) or we are to stop (False)."""
        waits = [asyncio.create_task(event.wait()) for event in (self._stop, session.lost)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return not self._stop.is_set()

    async def _give_up(self, session: Session) -> None:
        self.lost_since = now()
        log.warning("bus_subscriptions_lost", consumers=[consumer.id for consumer in self._consumers], reason=session.reason)
        await session.abandon()
        self._session = None

    async def _renew(self) -> None:
        if self._stop.is_set():
            return
        try:
            await self._open()
        except BusUnavailable as error:
            log.warning("bus_unavailable", error=error.message)
        else:
            log.info("bus_subscriptions_restored", consumers=[consumer.id for consumer in self._consumers])

    async def _pause(self, tries: int) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), timeout=self._retry.pause(tries))

    async def _open(self) -> None:
        self._session = await opened(self._address, self._topology, self._consumers, self._publisher, self._retry)
        self.lost_since = None
