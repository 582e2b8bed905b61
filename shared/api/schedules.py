"""Schedules: when an integration runs by itself."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.api.base import In, Out

ScheduleKind = Literal["full", "quick"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class IntervalTiming(In):
    """Every so many minutes."""

    type: Literal["interval"] = "interval"
    minutes: int = Field(ge=5, le=43_200)


class DailyTiming(In):
    """Once a day, on the days when clocks change too."""

    type: Literal["daily"] = "daily"
    at: TimeOfDay = Field(description="Local time, such as 02:30.")


class CronTiming(In):
    """By a cron expression of five fields: minute, hour, day of month, month, day of week."""

    type: Literal["cron"] = "cron"
    expression: str = Field(min_length=9, max_length=200, description="Such as `0 6-20/2 * * MON-FRI`.")


Timing = Annotated[IntervalTiming | DailyTiming | CronTiming, Field(discriminator="type")]


class Blackout(In):
    """Local times at which no run begins by itself; one that is due begins when they end."""

    start: TimeOfDay
    end: TimeOfDay = Field(description="Not later than `start`: on the next day.")
    weekdays: list[Weekday] = Field(default_factory=lambda: list(WEEKDAYS), min_length=1, description="On which days it starts.")


class ScheduleIn(In):
    """When runs of one kind begin by themselves."""

    timing: Timing
    time_zone: str = Field(default="UTC", max_length=64, description="IANA name, such as Europe/Berlin.")
    jitter_minutes: int = Field(default=0, ge=0, le=720, description="Runs begin up to so much later, each integration at its own moment.")
    blackouts: list[Blackout] = Field(default_factory=list, max_length=20)
    enabled: bool = True


class ScheduleOut(Out):
    """A schedule, and what it will do next."""

    integration_id: UUID
    kind: ScheduleKind
    timing: Timing
    time_zone: str
    jitter_minutes: int
    blackouts: list[Blackout]
    enabled: bool
    next_due: list[datetime] = Field(description="The next five moments, in UTC; none while it is not enabled.")
    last_due: datetime | None = None
    last_run_id: UUID | None = None
    skipped: str | None = Field(default=None, description="Why no run began when one was due last; null: it began.")
