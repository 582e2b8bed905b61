"""Waiting for permits, wherever what is spent is kept."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from prometheus_client import Counter, Histogram

from connector.rates.gate import ask
from connector.rates.lane import Asker, current_asker
from connector.rates.limits import Policy, Spent, accepted, refused
from shared.observability.logging import get_logger

log = get_logger(__name__)

BUCKETS = (0.01, 0.1, 0.5, 1, 2, 5, 15, 60, 300, 3600)
WAITED = Histogram("rollcall_rate_wait_seconds", "How long a request waited for its permit", ["lane"], buckets=BUCKETS)
THROTTLED = Counter("rollcall_rate_throttled", "Answers with which a source asked for fewer requests")
FORGIVEN_AFTER = 60.0
"""Seconds after a silence that ended."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What time it is, in seconds since the epoch, and how to let some pass."""

    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep


REAL_TIME = Timing()


class WaitedFor(ABC):
    """Permits to ask a source. Under a policy without limits nothing is kept and nobody waits. Subclasses keep what is spent."""

    def __init__(self, policy: Policy, timing: Timing) -> None:
        self._policy, self.timing = policy, timing
        self._limited = bool(policy.buckets or policy.windows)

    async def permit(self, scope: str) -> None:
        """Return when one more request may be sent to `scope`. Waits for as long as that takes; a cancelled waiter has spent nothing."""
        if not self._limited:
            return
        asker, since = current_asker(), self.timing.clock()
        while (nap := await self._change(scope, lambda spent: self._asked(spent, asker))) > 0:
            await self.timing.sleep(nap)
        WAITED.labels(asker.lane).observe(self.timing.clock() - since)

    async def throttled(self, scope: str, retry_after: float | None) -> None:
        """Close the scope for everybody who shares it: the source has asked for silence."""
        THROTTLED.inc()
        if not self._limited:
            return
        seconds = await self._change(scope, lambda spent: self._closed(spent, retry_after))
        log.warning("source_throttled", scope=scope, seconds=round(seconds, 1))

    @abstractmethod
    async def _change(self, scope: str, change: Callable[[Spent], tuple[float, Spent]]) -> float:
        """Replace what `scope` has spent by what `change` makes of it, with nobody in between; return the seconds that it says."""

    def _asked(self, spent: Spent, asker: Asker) -> tuple[float, Spent]:
        moment = self.timing.clock()
        # Refusals in a row are forgiven after a quiet minute.
        calm = accepted(spent) if moment - spent.closed_until > FORGIVEN_AFTER else spent
        return ask(self._policy, calm, moment, asker)

    def _closed(self, spent: Spent, retry_after: float | None) -> tuple[float, Spent]:
        moment = self.timing.clock()
        closed = refused(spent, moment, retry_after)
        return closed.closed_until - moment, closed
