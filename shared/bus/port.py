"""The port of the bus: what services may rely on, whichever adapter carries their messages.

- `publish` returns when the bus holds every message durably; it calls `confirmed` for each one as soon as that is so.
  If it raises, those not confirmed may or may not have arrived: publish them again.
- Delivery is at least once. A consumer's messages with equal keys arrive in the order in which they were published;
  those that were published earlier and have not been handled are delivered first after a crash or a cut.
- A handler that returns has handled the message. One that raises `Retry` (or an error of the world around it: the
  database is away) is called again with the same message, after a growing pause, for as long as it takes; any other
  error is tried `MAX_ATTEMPTS` times and one whose `retryable` is False once; then the message goes to the consumer's
  dead letters, with the reason, and the next one is taken.
- Messages of a topic whose contract says `together` may travel as one, those of equal keys that follow each other: see `parcels`.
  If handling them at once fails, each is tried by itself, so that a bad one costs no other.
- An attempt may be cancelled: because it took longer than `RetryPolicy.longest_attempt`, because the connection was lost,
  or because the consumer stops and it did not finish in time. The message is delivered again.
- A dead letter that is replayed goes before its consumer as the newest message, whatever its key; it leaves the dead
  letters only after it has arrived there.
"""

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.errors import AppError, NotFound, Upstream

MAX_ATTEMPTS = 5
"""How often a message is tried when its handler fails for a reason that is not the world's."""
PARTITIONS = 4
"""How many messages of one ordered consumer can be in work at once; equal keys share a partition."""


class BusUnavailable(Upstream):
    """The bus cannot take messages now; they stay in the outbox."""

    code = "bus_unavailable"


class Unroutable(BusUnavailable):
    """No consumer has ever asked for this topic; it would be lost, so it is refused."""

    code = "unroutable"


class UnknownConsumer(NotFound):
    """No consumer of this name has ever been declared."""

    code = "unknown_consumer"


class Retry(AppError):
    """Raised by a handler: nothing is wrong with the message, the world is not ready; call again."""

    code, retryable = "retry", True


@dataclass(frozen=True, slots=True)
class Message:
    """An encoded event on its way."""

    id: UUID
    topic: str
    key: str
    body: bytes

    @property
    def partition(self) -> int:
        """Which of a consumer's partitions this message's key belongs to; the same in every process."""
        return zlib.crc32(self.key.encode()) % PARTITIONS


Handle = Callable[[Message], Awaitable[None]]
HandleTogether = Callable[[Sequence[Message]], Awaitable[None]]
Confirmed = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Consumer:
    """A named group of subscriptions of one service: replicas share its messages.

    `ordered` consumers get messages with equal keys one after the other, whichever replica is asked;
    others may get them all at once, up to `prefetch`.
    """

    service: str
    name: str
    topics: frozenset[str]
    handle: Handle
    ordered: bool = True
    prefetch: int = 8
    together: HandleTogether | None = None
    """Handles the messages of a parcel at once. Tried once; if it raises, each message is handled by itself, also those it had done."""

    @property
    def id(self) -> str:
        """The consumer's name on the bus."""
        return f"{self.service}.{self.name}"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that a consumer could not handle, and why."""

    consumer: str
    message: Message
    code: str
    reason: str
    attempts: int
    died_at: datetime


class Bus(Protocol):
    """What both adapters do."""

    async def publish(self, messages: Sequence[Message], *, confirmed: Confirmed | None = None) -> None:
        """Hand over messages in order. Raises `BusUnavailable`, `Unroutable`."""

    def consuming(self, consumers: Sequence[Consumer]) -> AbstractAsyncContextManager[None]:
        """Deliver to `consumers` inside the block; at its end take no more, finish what is in work, and stop."""

    async def declare(self, consumers: Sequence[Consumer]) -> None:
        """Make the consumers known, so that messages wait for them before they start."""

    def dead_letters(self, consumer: str, *, limit: int = 100) -> AsyncIterator[DeadLetter]:
        """Give the oldest dead letters of a consumer, without taking them. Raises `UnknownConsumer`."""

    async def replay(self, consumer: str, message_id: UUID) -> bool:
        """Put a dead letter back before its consumer; False when it is not there."""

    async def discard(self, consumer: str, message_id: UUID) -> bool:
        """Remove a dead letter; False when it is not there."""

    async def check(self) -> None:
        """Raise `BusUnavailable` when the bus does not answer."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The pauses between attempts, in seconds: doubling from `first` up to `longest`."""

    first: float = 0.2
    longest: float = 15.0
    attempts: int = field(default=MAX_ATTEMPTS)
    longest_attempt: float = 600.0
    """Seconds after which a handler that does not return is cancelled and called again: it must not hang for ever."""

    def pause(self, attempt: int) -> float:
        """Return the pause after the given failed attempt (1 is the first)."""
        return min(self.longest, self.first * 2.0 ** min(attempt - 1, 30))
