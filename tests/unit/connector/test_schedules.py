"""When schedules are due: once a day on every day, whatever clocks do, and never in a blackout."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.schedules.checking import checked
from connector.schedules.timing import Schedule
from shared.api.schedules import WEEKDAYS, ScheduleIn
from shared.errors import Invalid
from shared.ids import new_id

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago", "Africa/Casablanca"]
moments = st.integers(0, 5 * 365 * 86_400).map(lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
CRONS = ["*/30 * * * *", "15 6-20/2 * * MON-FRI", "0 0 1 * *", "30 2 * * SUN"]
times = st.times().map(lambda at: f"{at:%H:%M}")


def schedule(timing: dict[str, Any], *, anchor: datetime = datetime(2026, 1, 1, tzinfo=UTC), **given_more: Any) -> Schedule:
    """Return a schedule of some integration."""
    return Schedule.of(ScheduleIn.model_validate({"timing": timing, **given_more}), new_id(), "full", anchor)


def local(schedule_given: Schedule, after: datetime, count: int) -> list[str]:
    """Return the next moments on Berlin's clocks."""
    return [f"{due.astimezone(BERLIN):%m-%d %H:%M %Z}" for due in islice(schedule_given.due_after(after), count)]


def steady(clock: datetime) -> bool:
    """Return whether clocks are left alone on this day: on the others a wall clock's time is not one moment."""
    return len({(clock + timedelta(days=days)).utcoffset() for days in (-1, 0, 1)}) == 1


def test_half_past_two_on_the_day_that_has_none() -> None:
    """Clocks go from 02:00 to 03:00: the run begins when they have, and the day is not left out."""
    daily = schedule({"type": "daily", "at": "02:30"}, time_zone="Europe/Berlin")
    assert local(daily, datetime(2026, 3, 28, 0, 0, tzinfo=UTC), 3) == ["03-28 02:30 CET", "03-29 03:00 CEST", "03-30 02:30 CEST"]


def test_half_past_two_on_the_day_that_has_two() -> None:
    """Clocks go from 03:00 to 02:00: the run begins once."""
    daily = schedule({"type": "daily", "at": "02:30"}, time_zone="Europe/Berlin")
    days = local(daily, datetime(2026, 10, 24, 12, 0, tzinfo=UTC), 3)
    assert [day[:5] for day in days] == ["10-25", "10-26", "10-27"]
    assert days[0][6:11] == "02:30"


@given(zone=st.sampled_from(ZONES), at=times, after=moments)
@settings(deadline=None, max_examples=60)
def test_a_daily_run_is_due_once_on_every_day(zone: str, at: str, after: datetime) -> None:
    """In every zone, over two years of clock changes."""
    daily = schedule({"type": "daily", "at": at}, time_zone=zone)
    days = [due.astimezone(ZoneInfo(zone)).date() for due in islice(daily.due_after(after), 400)]
    assert all(following == day + timedelta(days=1) for day, following in pairwise(days))


@given(
    zone=st.sampled_from(ZONES),
    timing=st.one_of(
        st.builds(lambda minutes: {"type": "interval", "minutes": minutes}, st.integers(5, 3000)),
        st.builds(lambda at: {"type": "daily", "at": at}, times),
        st.sampled_from(
            [{"type": "cron", "expression": one} for one in ("*/30 * * * *", "15 6-20/2 * * MON-FRI", "0 0 1 * *", "30 2 * * SUN")]
        ),
    ),
    blackouts=st.lists(
        st.builds(
            lambda start, end, days: {"start": start, "end": end, "weekdays": days},
            times,
            times,
            st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True),
        ),
        max_size=3,
    ),
    jitter=st.integers(0, 720),
    after=moments,
)
@settings(deadline=None, max_examples=120)
def test_moments_come_in_order_and_outside_blackouts(
    zone: str, timing: dict[str, Any], blackouts: list[dict[str, Any]], jitter: int, after: datetime
) -> None:
    """And the same ones come whenever they are asked for."""
    made = schedule(timing, time_zone=zone, blackouts=blackouts, jitter_minutes=jitter)
    coming = made.some_after(after, 6)
    assert all(before < following for before, following in pairwise([after, *coming]))
    for due in coming:
        clock = due.astimezone(ZoneInfo(zone))
        for blackout in blackouts:
            if blackout["start"] < blackout["end"] and WEEKDAYS[clock.weekday()] in blackout["weekdays"] and steady(clock):
                assert not blackout["start"] <= f"{clock:%H:%M}" < blackout["end"]
    if len(coming) > 2:
        assert made.some_after(coming[1] - timedelta(seconds=1), 1) == [coming[1]]


def test_a_run_that_is_due_in_a_blackout_begins_when_it_ends() -> None:
    """Over midnight too."""
    night = {"start": "22:00", "end": "06:00"}
    made = schedule({"type": "daily", "at": "02:00"}, time_zone="Europe/Berlin", blackouts=[night])
    assert local(made, datetime(2026, 6, 1, 12, 0, tzinfo=UTC), 2) == ["06-02 06:00 CEST", "06-03 06:00 CEST"]


def test_integrations_with_the_same_schedule_begin_at_moments_of_their_own() -> None:
    """A hundred nightly runs must not begin in the same second."""
    given_same = ScheduleIn.model_validate({"timing": {"type": "daily", "at": "02:00"}, "jitter_minutes": 60})
    after = datetime(2026, 6, 1, tzinfo=UTC)
    firsts = [Schedule.of(given_same, new_id(), "full", after).next_after(after) for _ in range(100)]
    assert len(set(firsts)) > 90
    assert all(first is not None and first.hour == 2 for first in firsts)


@pytest.mark.parametrize(
    ("given_wrong", "field"),
    [
        ({"timing": {"type": "daily", "at": "02:00"}, "time_zone": "Europe/Berlni"}, "time_zone"),
        ({"timing": {"type": "cron", "expression": "61 * * * *"}}, "timing.expression"),
        ({"timing": {"type": "cron", "expression": "0 0 * * * *"}}, "timing.expression"),
        ({"timing": {"type": "cron", "expression": "0 0 30 2 *"}}, "timing.expression"),
        ({"timing": {"type": "cron", "expression": "*/10 * * * *"}}, "timing"),
        ({"timing": {"type": "interval", "minutes": 5}}, "timing"),
        ({"timing": {"type": "daily", "at": "02:00"}, "blackouts": [{"start": "00:00", "end": "00:00"}]}, "blackouts"),
    ],
)
def test_what_cannot_be_meant_is_named(given_wrong: dict[str, Any], field: str) -> None:
    """With a remedy, before it is stored."""
    with pytest.raises(Invalid) as caught:
        checked(ScheduleIn.model_validate(given_wrong), new_id(), "full", datetime(2026, 6, 1, tzinfo=UTC))
    assert [problem["field"] for problem in caught.value.fields] == [field]
    assert caught.value.remedy
