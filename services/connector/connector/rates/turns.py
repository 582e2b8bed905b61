"""Whose turn it is when several wait for one scope: people and workflows first, then integrations one after the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

URGENT = "urgent"
"""The flow of everybody who is waited for. Every other flow is one integration's."""
GRACE = 1.0
"""Seconds after which a waiter who has not come back as it said is taken for gone."""
PATIENCE = 3.0
"""Seconds that runs give way to people and workflows before one of their requests passes all the same."""
REMEMBERED = 60.0
"""Seconds for which it is known when a flow had its last turn."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """A flow that waits: since when, and when it will ask again."""

    since: float
    due: float


@dataclass(frozen=True, slots=True)
class Turns:
    """When each flow was last let through, and which ones wait, as every replica sees it."""

    served: Mapping[str, float] = field(default_factory=dict)
    waiting: Mapping[str, Waiter] = field(default_factory=dict)

    @classmethod
    def stored(cls, told: Mapping[str, Any]) -> "Turns":
        """Return it from JSON."""
        return cls(
            served={flow: float(moment) for flow, moment in told.get("served", {}).items()},
            waiting={flow: Waiter(float(since), float(due)) for flow, (since, due) in told.get("waiting", {}).items()},
        )

    def as_json(self) -> dict[str, Any]:
        """Return it for storing."""
        return {"served": dict(self.served), "waiting": {flow: [one.since, one.due] for flow, one in self.waiting.items()}}

    def ahead_of(self, flow: str, now: float) -> int:
        """Return how many flows have their turn before this one."""
        live = {name: one for name, one in self.waiting.items() if now <= one.due + GRACE}
        if flow == URGENT:
            # Only whoever could pass now is worth waiting for: a run may be held by a limit that is for runs alone.
            return int(self._impatient((one for name, one in live.items() if name != URGENT and one.due <= now), now))
        mine = live.get(flow, Waiter(now, now))
        runs = {**{name: one for name, one in live.items() if name != URGENT}, flow: mine}
        order = sorted(runs, key=lambda name: (self.served.get(name, 0.0), runs[name].since, name))
        return order.index(flow) + (URGENT in live and not self._impatient(runs.values(), now))

    def granted(self, flow: str, now: float) -> "Turns":
        """Return what holds after a flow was let through. Others of the same flow may still wait."""
        waiting = {name: one for name, one in self.waiting.items() if now <= one.due + GRACE and not (name == flow and one.due <= now)}
        served = {name: moment for name, moment in self.served.items() if name in waiting or now - moment < REMEMBERED}
        return Turns({**served, flow: now}, waiting)

    def queued(self, flow: str, now: float, due: float) -> "Turns":
        """Return what holds while a flow waits and will ask again when it is `due`."""
        before = self.waiting.get(flow)
        alive = before is not None and now <= before.due + GRACE
        since = before.since if before is not None and alive else now
        if before is not None and alive and before.due > now:
            due = min(due, before.due)
        return replace(self, waiting={**self.waiting, flow: Waiter(since, due)})

    def _impatient(self, runs: Iterable[Waiter], now: float) -> bool:
        """Whether runs have given way for long enough."""
        longest = min((one.since for one in runs), default=now)
        latest = max((moment for name, moment in self.served.items() if name != URGENT), default=0.0)
        return now - max(longest, latest) > PATIENCE
