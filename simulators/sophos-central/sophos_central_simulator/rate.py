"""The request limits of a tenant: a sliding window with some spare requests for bursts, and a day."""

from collections import deque

from sophos_central_simulator.clock import Clock
from sophos_central_simulator.switches import Switches

DAY = 86_400
"""Seconds."""


class RateLimit:
    """Counts the requests of the last minute and of the day. Spare requests come back once a whole minute stayed within the limit."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._passed: deque[float] = deque()
        self._spent = 0
        self._last_spent = 0.0
        self._day_began = 0.0
        self._today = 0

    def wait(self, switches: Switches) -> float | None:
        """Count a request; return None when it may pass, otherwise after how many seconds one may."""
        moment = self._clock.monotonic()
        if not self._today or moment - self._day_began >= DAY:
            self._day_began, self._today = moment, 0
        if switches.requests_per_day and self._today >= switches.requests_per_day:
            return self._day_began + DAY - moment
        wait = self._wait_for_the_minute(switches, moment)
        if wait is None:
            self._today += 1
        return wait

    def _wait_for_the_minute(self, switches: Switches, moment: float) -> float | None:
        if not switches.requests_per_minute:
            return None
        window = switches.rate_window
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
