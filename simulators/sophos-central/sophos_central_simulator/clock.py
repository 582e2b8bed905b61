"""The simulator's clock: the machine's own, moved ahead on demand."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time of everything that ages: tokens, rate windows, isolations. It never goes back."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        return time.monotonic() + self._ahead

    def now(self) -> datetime:
        """Return the moment in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def advance(self, seconds: float) -> None:
        """Go ahead by so many seconds."""
        self._ahead += seconds
