"""The arithmetic of limits: what was spent, and how long the next request must wait. Knows no database and no clock of its own."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Lane = Literal["sync", "urgent"]
"""`urgent` is for what a person or a workflow waits for; `sync` is for runs, and leaves a reserve to the other."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Permits that come back evenly, up to `capacity`. No minute sees more than capacity + 60 * per_second of them.

    `for_runs_only`: a recommendation, which keeps nobody waiting who is waited for.
    """

    name: str
    per_second: float
    capacity: float
    reserve: float = 0
    for_runs_only: bool = False

    def level(self, spent: "Spent", now: float) -> float:
        """Return how many permits there are."""
        level, at = spent.buckets.get(self.name, (self.capacity, now))
        return min(self.capacity, level + max(0.0, now - at) * self.per_second)

    def wait(self, spent: "Spent", now: float, lane: Lane) -> float:
        """Return in how many seconds there is a permit for the lane."""
        if self.for_runs_only and lane == "urgent":
            return 0.0
        needed = 1 + (self.reserve if lane == "sync" else 0)
        return max(0.0, needed - self.level(spent, now)) / self.per_second


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


@dataclass(frozen=True, slots=True)
class Spent:
    """What one scope has spent, as stored. `closed_until`: the source asked for silence until then; `refusals`: how often in a row."""

    buckets: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    windows: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    closed_until: float = 0.0
    refusals: int = 0

    @classmethod
    def stored(cls, told: Mapping[str, Any]) -> "Spent":
        """Return it from JSON."""
        return cls(
            buckets={name: (float(level), float(at)) for name, (level, at) in told.get("buckets", {}).items()},
            windows={name: {int(slot): int(count) for slot, count in slots.items()} for name, slots in told.get("windows", {}).items()},
            closed_until=float(told.get("closed_until", 0)),
            refusals=int(told.get("refusals", 0)),
        )

    def as_json(self) -> dict[str, Any]:
        """Return it for storing."""
        return {
            "buckets": {name: list(entry) for name, entry in self.buckets.items()},
            "windows": {name: {str(slot): count for slot, count in slots.items()} for name, slots in self.windows.items()},
            "closed_until": self.closed_until,
            "refusals": self.refusals,
        }


SMALLEST = 1e-5


def wait_for(policy: Policy, spent: Spent, now: float, lane: Lane) -> float:
    """Return in how many seconds one more request fits every limit, if nobody else spends meanwhile."""
    buckets = (bucket.wait(spent, now, lane) for bucket in policy.buckets)
    windows = (window.wait(spent, now, lane) for window in policy.windows)
    wait = max(0.0, spent.closed_until - now, *buckets, *windows)
    # Less than a clock of this age can tell apart is nothing.
    return wait if wait > SMALLEST else 0.0


def take(policy: Policy, spent: Spent, now: float) -> Spent:
    """Return what is spent after one more request, whether it fits or not."""
    buckets = {}
    for bucket in policy.buckets:
        _, at = spent.buckets.get(bucket.name, (0, now))
        buckets[bucket.name] = (bucket.level(spent, now) - 1, max(now, at))
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
