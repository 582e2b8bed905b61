"""The request limit of a tenant: a sliding window, and some spare requests for bursts."""

from collections import deque

from sophos_central_simulator.clock import Clock
from sophos_central_simulator.switches import Switches


class RateLimit:
    """Counts the requests of the last minute. Spare requests come back once a whole minute stayed within the limit."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._passed: deque[float] = deque()
        self._spent = 0
        self._last_spent = 0.0

    def wait(self, switches: Switches) -> float | None:
        """Count a request; return None when it may pass, otherwise after how many seconds one may."""
        if not switches.requests_per_minute:
            return None
        moment, window = self._clock.monotonic(), switches.rate_window
        while self._passed and self._passed[0] <= moment - window:
            self._passed.popleft()
        if moment - self._last_spent > window:
            self._spent = 0
        if len(self._passed) >= switches.requests_per_minute + self._spent:
            if self._spent >= switches.burst:
                return self._passed[len(self._passed) - switches.requests_per_minute] + window - moment
            self._spent, self._last_spent = self._spent + 1, moment
        self._passed.append(moment)
        return None
