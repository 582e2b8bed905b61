"""When a schedule is due. Knows no database and no clock of its own; every moment is in UTC, whatever the clocks on the wall do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from cronsim import CronSim

from shared.api.schedules import WEEKDAYS, Blackout, CronTiming, DailyTiming, IntervalTiming, ScheduleIn

LONGEST_BLACKOUT = timedelta(days=8)
MOST_MOVES = 50
"""Blackouts that follow one another before a moment counts as one that never comes."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule of one integration. `anchor`: from when intervals are counted."""

    given: ScheduleIn
    anchor: datetime
    offset: timedelta

    @classmethod
    def of(cls, given: ScheduleIn, integration_id: UUID, kind: str, anchor: datetime) -> "Schedule":
        """Return it with the integration's own share of the jitter: the same each time, another one for each integration."""
        share = int.from_bytes(sha256(f"{integration_id}:{kind}".encode()).digest()[:8]) / 2**64
        return cls(given, anchor, timedelta(seconds=round(share * given.jitter_minutes * 60)))

    def due_after(self, moment: datetime) -> Iterator[datetime]:
        """Give the moments later than `moment` at which a run is due, in order. Ends when there is none any more."""
        last = moment
        # What is due in a blackout comes out at its end, so the look begins before the longest there may be.
        before = LONGEST_BLACKOUT if self.given.blackouts else timedelta(0)
        for bare in _bare(self.given, self.anchor, moment - self.offset - before):
            due = _outside(bare + self.offset, self.given.blackouts, ZoneInfo(self.given.time_zone))
            if due is None:
                return
            if due > last:
                yield due
                last = due

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the next moment at which a run is due."""
        return next(self.due_after(moment), None)

    def some_after(self, moment: datetime, count: int) -> list[datetime]:
        """Return the next few."""
        return list(islice(self.due_after(moment), count))


def _bare(given: ScheduleIn, anchor: datetime, moment: datetime) -> Iterator[datetime]:
    """Give what the timing alone says, later than `moment`."""
    match given.timing:
        case IntervalTiming(minutes=minutes):
            step = timedelta(minutes=minutes)
            due = anchor + ((moment - anchor) // step + 1) * step
            while True:
                yield due
                due += step
        case DailyTiming(at=at):
            hour, minute = at.split(":")
            yield from _cron(f"{int(minute)} {int(hour)} * * *", given.time_zone, moment)
        case CronTiming(expression=expression):
            yield from _cron(expression, given.time_zone, moment)


def _cron(expression: str, zone: str, moment: datetime) -> Iterator[datetime]:
    """Give an expression's moments. A time that clocks skip comes when they have skipped it, one that they repeat comes once."""
    for local in CronSim(expression, moment.astimezone(ZoneInfo(zone))):
        due = local.astimezone(UTC)
        if due > moment:
            yield due


def _outside(moment: datetime, blackouts: list[Blackout], zone: ZoneInfo) -> datetime | None:
    """Return the first moment, not before this one, that is in no blackout; None when they leave none."""
    for _ in range(MOST_MOVES):
        ends = [end for blackout in blackouts if (end := _end_of(blackout, moment, zone)) is not None]
        if not ends:
            return moment
        moment = max(ends)
    return None


def _end_of(blackout: Blackout, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the blackout ends that holds this moment; None when it holds it not."""
    today = moment.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        if WEEKDAYS[day.weekday()] not in blackout.weekdays:
            continue
        start, end = _at(day, blackout.start, zone), _at(day, blackout.end, zone)
        if blackout.end <= blackout.start:
            end = _at(day + timedelta(days=1), blackout.end, zone)
        if start <= moment < end:
            return end
    return None


def _at(day: date, text: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(text), tzinfo=zone).astimezone(UTC)
