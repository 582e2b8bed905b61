"""How long a source is asked again before its answer counts as no."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import stamina

from connector.sources.incidents import may_pass
from connector.sources.settings import SourceSettings
from connector.sources.wire import NotJson, SourceFailed, SourceThrottled, SourceUnreachable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and how long apart, a read is tried."""

    attempts: int
    first: float
    longest: float
    retry_after_limit: float

    @classmethod
    def configured(cls, settings: SourceSettings) -> "Patience":
        """Return it as the settings say."""
        return cls(settings.retry_attempts, settings.retry_first_seconds, settings.retry_longest_seconds, settings.retry_after_limit)

    def again(self, error: Exception) -> bool | float:
        """Return whether to try again after `error`, or after how many seconds."""
        if not isinstance(error, (SourceUnreachable, SourceFailed, SourceThrottled, NotJson)):
            return False
        asked = error.retry_after if isinstance(error, SourceThrottled) else None
        if asked is not None and asked > self.retry_after_limit:
            return False
        may_pass(error, asked)
        return True if asked is None else asked

    async def read(self, send: Callable[[], Awaitable[T]]) -> T:
        """Return what `send` returns, calling it again for as long as that may help. Raises what it raised last."""
        attempts = stamina.retry_context(
            on=self.again, attempts=self.attempts, timeout=None, wait_initial=self.first, wait_max=self.longest, wait_jitter=self.first
        )
        async for attempt in attempts:
            with attempt:
                answer = await send()
        return answer
