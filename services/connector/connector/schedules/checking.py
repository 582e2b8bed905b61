"""What is wrong with a schedule, before it is stored: each field by name, with a remedy."""

from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import available_timezones

from cronsim import CronSim, CronSimError

from connector.schedules.timing import Schedule
from shared.api.schedules import CronTiming, ScheduleIn, ScheduleKind
from shared.errors import Invalid

SHORTEST: dict[ScheduleKind, timedelta] = {"full": timedelta(minutes=30), "quick": timedelta(minutes=5)}
"""The shortest time between two runs of a kind: a full listing costs a request for every hundred people."""
LOOKED_AT = 12
"""Moments that are compared with each other."""


def checked(given: ScheduleIn, integration_id: UUID, kind: ScheduleKind, now: datetime) -> Schedule:
    """Return the schedule. Raises `Invalid`, naming the field."""
    if given.time_zone not in available_timezones():
        raise _invalid("time_zone", f"{given.time_zone!r} is no time zone", "Use an IANA name such as Europe/Berlin, or UTC.")
    if isinstance(given.timing, CronTiming):
        _check_cron(given.timing.expression, now)
    schedule = Schedule.of(given, integration_id, kind, now)
    coming = schedule.some_after(now, LOOKED_AT)
    if not coming:
        field = "blackouts" if given.blackouts else "timing"
        raise _invalid(field, "leaves no moment at which a run could begin", "Leave some time free, on some day that exists.")
    if any(after - before < SHORTEST[kind] for before, after in pairwise(coming)) and not given.blackouts:
        minutes = int(SHORTEST[kind].total_seconds() // 60)
        raise _invalid(
            "timing", f"begins {kind} runs more often than every {minutes} minutes", f"Leave {minutes} minutes or more between them."
        )
    return schedule


def _check_cron(expression: str, now: datetime) -> None:
    if len(expression.split()) != 5:  # noqa: PLR2004 - what cron has
        raise _invalid("timing.expression", "must have five fields", "Give minute, hour, day of month, month and day of week.")
    try:
        CronSim(expression, now)
    except CronSimError as error:
        remedy = "Each field takes numbers, names, *, lists (1,2), ranges (1-5) and steps (*/15)."
        raise _invalid("timing.expression", f"is not a cron expression: {str(error)[:200]}", remedy) from None


def _invalid(field: str, message: str, remedy: str) -> Invalid:
    return Invalid(f"{field} {message}", remedy=remedy, fields=[{"field": field, "message": message, "remedy": remedy}])
