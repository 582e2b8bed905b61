"""The arithmetic of limits: what was spent, and how long the next request must wait. Knows no database and no clock of its own."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from connector.rates.turns import Turns

SHARE = 0.96
"""Of the pace: what runs take while the reserve for others is not full."""
Lane = Literal["sync", "urgent"]
"""`urgent` is for what a person or a workflow waits for; `sync` is for runs, and leaves a reserve to the other."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Permits that come back evenly, up to `capacity`. No minute sees more than capacity + 60 * per_second of them.

    `reserve`: what runs leave to others; until it is there they go at `SHARE` of the pace, so that it grows. `for_runs_only`: a
    recommendation, which keeps nobody waiting who is waited for.
    """

    name: str
    per_second: float
    capacity: float
    reserve: float = 0
    for_runs_only: bool = False

    def level(self, spent: "Spent", now: float) -> float:
        """Return how many permits there are."""
        return self._level(spent, now, self.name, self.per_second)

    def wait(self, spent: "Spent", now: float, lane: Lane) -> float:
        """Return in how many seconds there is a permit for the lane."""
        if self.for_runs_only and lane == "urgent":
            return 0.0
        level = self.level(spent, now)
        one = max(0.0, 1 - level) / self.per_second
        if lane == "urgent" or not self.reserve:
            return one
        beyond_reserve = max(0.0, 1 + self.reserve - level) / self.per_second
        own = max(0.0, 1 - self._level(spent, now, self._share, self.per_second * SHARE)) / (self.per_second * SHARE)
        return max(one, min(beyond_reserve, own))

    def after(self, spent: "Spent", now: float, lane: Lane) -> dict[str, tuple[float, float]]:
        """Return what one more request leaves."""
        _, at = spent.buckets.get(self.name, (0, now))
        left = {self.name: (self.level(spent, now) - 1, max(now, at))}
        if self.reserve:
            own = self._level(spent, now, self._share, self.per_second * SHARE)
            # What runs pass beyond their share, because the reserve is full, is not held against them.
            left[self._share] = (max(0.0, own - (lane == "sync")), max(now, at))
        return left

    @property
    def _share(self) -> str:
        return f"{self.name}:runs"

    def _level(self, spent: "Spent", now: float, name: str, per_second: float) -> float:
        level, at = spent.buckets.get(name, (self.capacity, now))
        return min(self.capacity, level + max(0.0, now - at) * per_second)


@dataclass(frozen=True, slots=True)
class Window:
    """At most `permits` in any `seconds`, counted in slots of a sixtieth of that: what is forgotten was spent long enough ago."""

    name: str
    permits: int
    seconds: float
    reserve: int = 0
    for_runs_only: bool = False
    slots: int = 60

    @property
    def slot(self) -> float:
        """How long a slot is."""
        return self.seconds / self.slots

    def counted(self, spent: "Spent", now: float) -> dict[int, int]:
        """Return the slots that still count."""
        oldest = math.floor(now / self.slot) - self.slots
        return {slot: count for slot, count in spent.windows.get(self.name, {}).items() if slot >= oldest}

    def wait(self, spent: "Spent", now: float, lane: Lane) -> float:
        """Return in how many seconds there is room for the lane."""
        if self.for_runs_only and lane == "urgent":
            return 0.0
        counted = self.counted(spent, now)
        excess = sum(counted.values()) + 1 - (self.permits - (self.reserve if lane == "sync" else 0))
        for slot in sorted(counted):
            if excess <= 0:
                break
            excess -= counted[slot]
            if excess <= 0:
                return max(0.0, (slot + self.slots + 1) * self.slot - now)
        return 0.0


@dataclass(frozen=True, slots=True)
class Policy:
    """All limits of one kind of source."""

    buckets: tuple[Bucket, ...] = ()
    windows: tuple[Window, ...] = ()

    @property
    def limits(self) -> bool:
        """Whether it limits anything."""
        return bool(self.buckets or self.windows)

    @property
    def pace(self) -> float:
        """Seconds from one permit to the next, once no burst is left."""
        return max((1 / bucket.per_second for bucket in self.buckets), default=0.0)


@dataclass(frozen=True, slots=True)
class Spent:
    """What one scope has spent, as stored. `closed_until`: the source asked for silence until then; `refusals`: how often in a row.

    `per_minute`: the limit that was set for this scope alone, when it was asked last.
    """

    buckets: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    windows: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    closed_until: float = 0.0
    refusals: int = 0
    per_minute: int | None = None
    turns: Turns = field(default_factory=Turns)

    @classmethod
    def stored(cls, told: Mapping[str, Any]) -> "Spent":
        """Return it from JSON."""
        return cls(
            buckets={name: (float(level), float(at)) for name, (level, at) in told.get("buckets", {}).items()},
            windows={name: {int(slot): int(count) for slot, count in slots.items()} for name, slots in told.get("windows", {}).items()},
            closed_until=float(told.get("closed_until", 0)),
            refusals=int(told.get("refusals", 0)),
            per_minute=told.get("per_minute"),
            turns=Turns.stored(told.get("turns", {})),
        )

    def as_json(self) -> dict[str, Any]:
        """Return it for storing."""
        return {
            "buckets": {name: list(entry) for name, entry in self.buckets.items()},
            "windows": {name: {str(slot): count for slot, count in slots.items()} for name, slots in self.windows.items()},
            "closed_until": self.closed_until,
            "refusals": self.refusals,
            "per_minute": self.per_minute,
            "turns": self.turns.as_json(),
        }


SMALLEST = 1e-5


def wait_for(policy: Policy, spent: Spent, now: float, lane: Lane) -> float:
    """Return in how many seconds one more request fits every limit, if nobody else spends meanwhile."""
    buckets = (bucket.wait(spent, now, lane) for bucket in policy.buckets)
    windows = (window.wait(spent, now, lane) for window in policy.windows)
    wait = max(0.0, spent.closed_until - now, *buckets, *windows)
    # Less than a clock of this age can tell apart is nothing.
    return wait if wait > SMALLEST else 0.0


def take(policy: Policy, spent: Spent, now: float, lane: Lane) -> Spent:
    """Return what is spent after one more request, whether it fits or not."""
    buckets: dict[str, tuple[float, float]] = {}
    for bucket in policy.buckets:
        buckets |= bucket.after(spent, now, lane)
    windows = {}
    for window in policy.windows:
        slots = window.counted(spent, now)
        current = max([math.floor(now / window.slot), *slots])
        windows[window.name] = {**slots, current: slots.get(current, 0) + 1}
    return replace(spent, buckets=buckets, windows=windows)


FIRST_SILENCE, LONGEST_SILENCE = 2.0, 120.0
"""Seconds of silence after a refusal that named none, and at most; it doubles with each refusal in a row."""


def refused(spent: Spent, now: float, retry_after: float | None) -> Spent:
    """Return what holds after the source has asked for fewer requests."""
    silence = retry_after if retry_after is not None else min(FIRST_SILENCE * 2**spent.refusals, LONGEST_SILENCE)
    return replace(spent, closed_until=max(spent.closed_until, now + silence), refusals=min(spent.refusals + 1, 30))


def accepted(spent: Spent) -> Spent:
    """Return what holds after an answer that was no refusal."""
    return replace(spent, refusals=0) if spent.refusals else spent
