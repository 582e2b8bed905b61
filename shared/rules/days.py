"""Days and moments as rules compare them: with the clock and the zone that they are given, on the folded text of what is stored."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.clock import written
from shared.rules.fold import TEXT
from shared.rules.model import Day, FromToday, Moment

LOWEST, HIGHEST = TEXT + "0", TEXT + ":"
"""What sorts before and behind every stored moment: each begins with a digit."""


@dataclass(frozen=True, slots=True)
class At:
    """When a rule is looked at, and the zone whose days count. The caller has the clock; rules have none."""

    now: datetime
    zone: ZoneInfo

    def day(self, days_from_today: int) -> date:
        """Return a day counted from the current one; beyond the calendar it is the calendar's last one."""
        try:
            return self.now.astimezone(self.zone).date() + timedelta(days=days_from_today)
        except OverflowError:
            return date.max if days_from_today > 0 else date.min

    def span_of(self, day: date) -> tuple[str, str]:
        """Return the folded text of a day's first moment, and of the next day's. Days of 23 or 25 hours are as long as they are."""
        return self._start_of(day), HIGHEST if day == date.max else self._start_of(day + timedelta(days=1))

    def _start_of(self, day: date) -> str:
        # A midnight that a clock change skips stands for the moment of the change; of one that comes twice the first counts.
        try:
            return folded(datetime.combine(day, time.min, self.zone))
        except OverflowError:
            return LOWEST if day.year == 1 else HIGHEST


def folded(moment: datetime) -> str:
    """Return a moment as it is compared. Raises `OverflowError` outside the years 1 to 9999."""
    return TEXT + written(moment).lower()


def bounds_of(value: Day | Moment | FromToday, at: At) -> tuple[str, str | None]:
    """Return the folded text of the first moment, and of the first one that is no longer meant; None for a single moment."""
    match value:
        case Day(date=day):
            return at.span_of(day)
        case FromToday(today=days):
            return at.span_of(at.day(days))
        case Moment(moment=moment):
            zoned = moment.replace(tzinfo=at.zone) if moment.tzinfo is None else moment
            try:
                return folded(zoned), None
            except OverflowError:
                return (LOWEST if zoned.year == 1 else HIGHEST), None
