"""Dates in rules: days of the installation's zone, by the clock that is passed in."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.rules import At, matches
from tests.support.rules import RULE

BERLIN = ZoneInfo("Europe/Berlin")


def holds(operator: str, value: Any, due: str | None, *, now: str = "2026-05-01T12:00:00Z", zone: ZoneInfo = BERLIN) -> bool:
    """Return whether a condition on `due` holds at that moment in that zone."""
    rule = RULE.validate_python({"field": "due", "operator": operator, "value": value})
    return matches(rule, {"due": due}, At(datetime.fromisoformat(now), zone))


@pytest.mark.parametrize(
    ("operator", "value", "held"),
    [
        # The field says 22:30 UTC on the last of April: in Berlin it is half past midnight on the first of May.
        ("equals", {"today": 0}, True),
        ("equals", {"date": "2026-05-01"}, True),
        ("not_equals", {"date": "2026-04-30"}, True),
        ("at_most", {"today": 0}, True),
        ("less_than", {"today": 0}, False),
        ("at_least", {"today": 0}, True),
        ("greater_than", {"date": "2026-04-30"}, True),
        ("greater_than", {"today": 0}, False),
        ("less_than", {"moment": "2026-05-01T00:31"}, True),
        ("greater_than", {"moment": "2026-05-01T00:29:59+02:00"}, True),
        ("equals", {"moment": "2026-05-01T00:30"}, True),
        ("at_most", {"moment": "2026-04-30T22:30:00Z"}, True),
        ("less_than", {"moment": "2026-04-30T22:30:00Z"}, False),
        ("days_backward", 0, True),
        ("days_forward", 0, True),
        ("days_forward", 1, False),
    ],
)
def test_a_day_is_the_whole_day_where_the_installation_is(operator: str, value: Any, held: bool) -> None:
    """Somebody who leaves on the first of May leaves on that day, whatever Greenwich says."""
    assert holds(operator, value, "2026-04-30T22:30:00.000Z") is held


def test_days_are_counted_from_the_field_to_today() -> None:
    """*14 days backward* of an offboarding date is the day two weeks before it; *forward* is after it."""
    due = "2026-05-15T08:00:00.000Z"
    assert holds("days_backward", 14, due, now="2026-05-01T12:00:00Z")
    assert not holds("days_backward", 14, due, now="2026-05-02T12:00:00Z")
    assert holds("days_forward", 14, due, now="2026-05-29T12:00:00Z")
    assert not holds("days_forward", 14, due, now="2026-05-28T12:00:00Z")


@pytest.mark.parametrize("operator", ["equals", "at_most", "less_than", "at_least", "greater_than"])
def test_nobody_without_a_date_is_due(operator: str) -> None:
    """An empty offboarding date must never offboard anybody."""
    assert not holds(operator, {"today": 0}, None)


def test_today_moves_on_at_the_installations_midnight() -> None:
    """A minute before midnight in Berlin it is still yesterday there, though the server's clock may say otherwise."""
    due = "2026-05-01T10:00:00.000Z"
    assert holds("equals", {"today": 0}, due, now="2026-05-01T21:59:00Z")
    assert not holds("equals", {"today": 0}, due, now="2026-05-01T22:00:00Z")


@pytest.mark.parametrize(
    ("zone", "day", "first", "last"),
    [
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z"),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00.000Z", "2026-10-25T22:59:59.999Z"),
        # Midnight is skipped: the day begins at one o'clock.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00.000Z", "2018-11-05T01:59:59.999Z"),
        # Midnight comes twice: the day begins with the first one. Days that are over: what a country decides yet is in no older database.
        ("America/Havana", "2023-11-05", "2023-11-05T04:00:00.000Z", "2023-11-06T04:59:59.999Z"),
        ("Asia/Kathmandu", "2026-05-01", "2026-04-30T18:15:00.000Z", "2026-05-01T18:14:59.999Z"),
    ],
)
def test_days_with_a_clock_change_begin_and_end_where_they_should(zone: str, day: str, first: str, last: str) -> None:
    """Twenty-three or twenty-five hours: none is lost and none counted twice."""
    where = ZoneInfo(zone)
    for moment in (first, last):
        assert holds("equals", {"date": day}, moment, zone=where)
    before = datetime.fromisoformat(first).timestamp() - 0.001
    behind = datetime.fromisoformat(last).timestamp() + 0.001
    for outside in (before, behind):
        text = datetime.fromtimestamp(outside, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert not holds("equals", {"date": day}, text, zone=where)


def test_a_day_that_a_zone_never_had_holds_nobody() -> None:
    """Samoa went from the 29th to the 31st of December 2011."""
    apia = ZoneInfo("Pacific/Apia")
    for moment in ("2011-12-30T09:59:59.999Z", "2011-12-30T10:00:00.000Z"):
        assert not holds("equals", {"date": "2011-12-30"}, moment, zone=apia)
    assert holds("equals", {"date": "2011-12-29"}, "2011-12-30T09:59:59.999Z", zone=apia)
    assert holds("equals", {"date": "2011-12-31"}, "2011-12-30T10:00:00.000Z", zone=apia)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_the_ends_of_the_calendar_are_days_too(zone: str) -> None:
    """A date that stands for *never* must not break a rule."""
    where = ZoneInfo(zone)
    assert holds("at_most", {"date": "9999-12-31"}, "9999-12-31T12:00:00.000Z", zone=where)
    assert not holds("greater_than", {"date": "9999-12-31"}, "9999-12-31T12:00:00.000Z", zone=where)
    assert holds("at_least", {"date": "0001-01-01"}, "0001-01-01T20:00:00.000Z", zone=where)
    assert not holds("less_than", {"date": "0001-01-01"}, "0001-01-02T20:00:00.000Z", zone=where)
    for now in ("0001-01-02T00:00:00Z", "9999-12-30T00:00:00Z"):
        assert holds("at_most", {"today": 36_500}, "0001-01-01T00:00:00.000Z", now=now, zone=where)
        assert not holds("less_than", {"today": -36_500}, "9999-12-31T00:00:00.000Z", now=now, zone=where)
