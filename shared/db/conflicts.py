"""Transactions that the database broke because they were in each other's way: done again, in one place for requests and for loops."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.observability.logging import get_logger

log = get_logger(__name__)

T = TypeVar("T")

DEADLOCK, NOT_SERIALIZABLE = "40P01", "40001"
STREAMED = "rollcall.streamed"
"""In a request's scope: its body is an uploaded file, which nobody holds whole."""
TRIES = 5
FIRST_PAUSE = 0.02
"""Seconds; each further pause is at most twice as long, and never quite the same for two."""


@dataclass(slots=True)
class Watch:
    """Whether anything was committed since."""

    committed: bool = False


_WATCH: ContextVar[Watch | None] = ContextVar("commits_of_this_request", default=None)


def note_commit() -> None:
    """Say that a transaction was committed: what follows in this request cannot be done again as a whole."""
    if (watch := _WATCH.get()) is not None:
        watch.committed = True


def is_conflict(error: BaseException) -> bool:
    """Return whether the database rolled a transaction back that would have passed alone."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in {DEADLOCK, NOT_SERIALIZABLE}


async def retried(work: Callable[[], Awaitable[T]], *, may: Callable[[], bool] = lambda: True) -> T:
    """Do `work`, one transaction, again while conflicts break it, a few times. `may` is asked whether it can be done again."""
    for attempt in range(1, TRIES):
        try:
            return await work()
        except DBAPIError as error:
            if not is_conflict(error) or not may():
                raise
            log.warning("transaction_retried", attempt=attempt, sqlstate=getattr(error.orig, "sqlstate", None))
        await asyncio.sleep(FIRST_PAUSE * 2**attempt * random.random())  # noqa: S311 - spreads callers out, guards nothing
    return await work()


class RetriedRequests:
    """Handles a request again whose transaction a conflict broke, as long as it committed nothing and no answer has begun."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope.get(STREAMED):
            # To do it again, the body would have to be held: whoever takes files in does each of its transactions again.
            await self._app(scope, receive, send)
            return
        watch = Watch()
        exchange = _Exchange(receive, send)
        token = _WATCH.set(watch)
        try:
            await retried(lambda: self._once(scope, exchange), may=lambda: not watch.committed and not exchange.begun)
        finally:
            _WATCH.reset(token)

    async def _once(self, scope: Scope, exchange: "_Exchange") -> None:
        exchange.rewind()
        await self._app(scope, exchange.receive, exchange.send)


class _Exchange:
    """A request's messages, given again to whoever handles it again."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._came: list[Message] = []
        self._given = 0
        self.begun = False

    def rewind(self) -> None:
        """Begin again with the first message."""
        self._given = 0

    async def receive(self) -> Message:
        """Give the next message."""
        if self._given == len(self._came):
            self._came.append(await self._receive())
        self._given += 1
        return self._came[self._given - 1]

    async def send(self, message: Message) -> None:
        """Send one message."""
        self.begun = True
        await self._send(message)
