"""Limits: how many losses pass in a moving window, and what is said of those that would cross one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mapper.settings import MapperSettings
from shared.api.guard import CrossedOut

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
LOSSES_KEPT = 2 * WEEK
"""How long the book of losses remembers: no window looks back as far, and no step asks again so late for a leave that it was given."""
NAMES = {DAY: "24 hours", WEEK: "7 days"}


@dataclass(frozen=True, slots=True)
class Limit:
    """Losses that pass within a window: a number of records, or a share of those that live, whichever is more."""

    window: timedelta
    records: int
    percent: int

    def of(self, living: int) -> int:
        """Return how many losses pass where so many records lived at the window's start."""
        return max(self.records, living * self.percent // 100)

    def crossed(self, *, before: int, asked: int, living: int) -> CrossedOut:
        """Say what would have happened."""
        return CrossedOut(window=NAMES[self.window], limit=self.of(living), living=living, before=before, asked=asked)


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit, and how long evidence is good."""

    windows: Sequence[Limit]
    evidence: timedelta
    probation_records: int
    probation_percent: int
    plan_days: float

    @classmethod
    def from_settings(cls, settings: MapperSettings) -> "Limits":
        """Return what the settings say."""
        day = Limit(DAY, settings.guard_day_records, settings.guard_day_percent)
        week = Limit(WEEK, settings.guard_week_records, settings.guard_week_percent)
        evidence = timedelta(hours=settings.guard_evidence_hours)
        return cls((day, week), evidence, settings.rewrite_probation_records, settings.rewrite_probation_percent, settings.keep_plans_days)

    def probation(self, existing: int) -> int:
        """Return how many of so many records a run updates before it is looked at as a whole."""
        return max(self.probation_records, existing * self.probation_percent // 100)
