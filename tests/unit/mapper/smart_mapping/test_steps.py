"""What is suggested can be stored as it is: its steps were tried on the samples, and do what they are there for."""

from typing import Any

import pytest
from hypothesis import given, settings

from mapper.fields.values import storable
from mapper.mappings.checking import require_fitting_sources
from mapper.mappings.evaluate import Context, evaluate, targets_of
from mapper.smart_mapping.earlier import counted
from shared.api.fields import FieldOut
from shared.api.mapped_from import FromSource
from shared.api.mappings import MappingIn
from shared.api.transformations import Case, Date, Join, MapValues, Number, Replace, Split, Step, Trim
from tests.support.smart_mapping import by_target, custom, steps_of, suggested
from tests.unit.mapper.smart_mapping.test_horrors import RECORDS

CONTEXT = Context({}, "Payroll", "2026-11-24T12:00:00.000Z")


def stored(samples: list[dict[str, Any]], field: FieldOut, **more: Any) -> list[Any] | None:
    """Return what the suggested source of one field makes of the samples; None when none is suggested."""
    found = by_target(suggested(samples, field, **more)).get(field.key)
    if found is None:
        return None
    require_fitting_sources(MappingIn(targets={field.key: found.source}, sync_keys=[]), {field.key: field})
    targets = targets_of({field.key: found.source}, {field.key: field})
    made = [evaluate(targets, record, CONTEXT) for record in samples]
    assert all(isinstance(values, dict) for values in made), made
    return [values[field.key] for values in made if isinstance(values, dict)]


STARTED = custom("Start date", data_type="datetime")


@pytest.mark.parametrize(
    ("told", "formats", "first"),
    [
        (["24.12.2025", "1.2.2026"], ["%d.%m.%Y"], "2025-12-24T00:00:00.000Z"),
        (["02/01/2026", "31/01/2026"], ["%d/%m/%Y"], "2026-01-02T00:00:00.000Z"),
        (["02/01/2026", "01/31/2026"], ["%m/%d/%Y"], "2026-02-01T00:00:00.000Z"),
        (["13-02-2026 07:08", "01-03-2026 23:59"], ["%d-%m-%Y %H:%M"], "2026-02-13T07:08:00.000Z"),
        (["12/31/2025 11:30 PM", "1/2/2026 1:00 AM"], ["%m/%d/%Y %I:%M %p"], "2025-12-31T23:30:00.000Z"),
        (["Tue, 24 Nov 2026 20:31:32 +0100"], ["%a, %d %b %Y %H:%M:%S %z"], "2026-11-24T19:31:32.000Z"),
        (["20260102030405Z"], ["%Y%m%d%H%M%SZ"], "2026-01-02T03:04:05.000Z"),
        ([1_700_000_000, "1700000001"], ["unix"], "2023-11-14T22:13:20.000Z"),
        ([1_700_000_000_123], ["unix_ms"], "2023-11-14T22:13:20.123Z"),
        (["133445556667778889"], ["windows"], "2023-11-15T21:01:06.777Z"),
        (["2026-01-02T03:04:05Z", "24.12.2025"], ["iso", "%d.%m.%Y"], "2026-01-02T03:04:05.000Z"),
        (["2 May 2026", "3 May 2026"], ["%d %b %Y", "%d %B %Y"], "2026-05-02T00:00:00.000Z"),
    ],
)
def test_dates_are_read_by_the_format_that_all_samples_have(told: list[Any], formats: list[str], first: str) -> None:
    """Whoever saves the suggestion needs to look nothing up."""
    samples = [{"start_date": value} for value in told]
    assert steps_of(by_target(suggested(samples, STARTED))["start_date"]) == [Date(formats=formats)]
    values = stored(samples, STARTED)
    assert values is not None
    assert values[0] == first


@pytest.mark.parametrize("told", [["02/01/2026", "03/04/2026"], ["31/01/2026", "01/31/2026"], ["24.12.2025", "soon"], ["01/02/26"]])
def test_dates_that_may_mean_two_days_are_not_suggested(told: list[str]) -> None:
    """A guess would be wrong for half of the people, and nobody would see it."""
    assert stored([{"start_date": value} for value in told], STARTED) is None


def test_the_zone_that_stands_beside_a_date_is_its_zone() -> None:
    """A moment without its zone is hours off."""
    samples = [{"start date": {"startDate": f"2026-07-0{day}T09:00:00", "timeZone": "Europe/Berlin"}} for day in range(1, 6)]
    assert stored(samples, STARTED) == [f"2026-07-0{day}T07:00:00.000Z" for day in range(1, 6)]
    mixed = [*samples, {"start date": {"startDate": "2026-07-06T09:00:00", "timeZone": "Asia/Tokyo"}}]
    assert steps_of(by_target(suggested(mixed, STARTED))["start_date"]) == [], "two zones are none"


@pytest.mark.parametrize(
    ("told", "field", "step", "values"),
    [
        (["1234.5", "7"], custom("Rate", data_type="number"), Number(), [1234.5, 7]),
        (["1,25", "7"], custom("Rate", data_type="number"), Number(decimal=","), [1.25, 7]),
        (["a; b", "c"], custom("Rate", data_type="text_list"), Split(separator=";"), [["a", "b"], ["c"]]),
        ([["a", "b"], ["c"]], custom("Rate"), Join(separator=", "), ["a, b", "c"]),
    ],
)
def test_values_of_another_type_are_made_to_fit(told: list[Any], field: FieldOut, step: Step, values: list[Any]) -> None:
    """Numbers as texts, lists as texts, and texts as lists."""
    samples = [{"rate": value} for value in told]
    assert steps_of(by_target(suggested(samples, field))["rate"]) == [step]
    assert stored(samples, field) == values


@pytest.mark.parametrize("told", [["1,234"], ["1.5", "1,5"], ["many"], ["1e5"]])
def test_numbers_that_may_mean_two_are_not_suggested(told: list[str]) -> None:
    """Is it one and a quarter, or more than a thousand."""
    assert stored([{"rate": value} for value in told], custom("Rate", data_type="number")) is None


@pytest.mark.parametrize(
    ("told", "values"),
    [
        (["Active", "suspended"], [True, False]),
        (["aktiv", "Deaktiviert"], [True, False]),
        (["J", "ja"], None),
        (["ja", "Nein"], [True, False]),
        ([1, 0], [True, False]),
        ([True, False], [True, False]),
        (["yes", "FALSE"], [True, False]),
        (["active", "invited"], None),
        (["7", "0"], None),
    ],
)
def test_words_that_mean_yes_or_no_are_known(told: list[Any], values: list[bool] | None) -> None:
    """As far as they surely do; somebody who is only invited is neither active nor not."""
    enabled = custom("Enabled", data_type="boolean")
    assert stored([{"enabled": value} for value in told], enabled) == values
    assert "enabled" not in by_target(suggested([{"is_on": value} for value in told], enabled)), "only what is called so"


def test_words_that_mean_an_option_are_mapped_to_it() -> None:
    """A dropdown takes its own options only."""
    standing = custom("Status", dropdown="fixed", options=["Working", "Active", "Locked"])
    samples = [{"status": value} for value in ("enabled", "ACTIVE", "suspended")]
    (step,) = steps_of(by_target(suggested(samples, standing))["status"])
    assert isinstance(step, MapValues)
    assert stored(samples, standing) == ["Active", "Active", "Locked"]
    assert stored([*samples, {"status": "on leave"}], standing) is None, "one word has no option"
    assert steps_of(by_target(suggested([{"status": "working"}, {"status": "Locked"}], standing))["status"]) == [], "they are options"


def test_what_other_mappings_do_with_a_value_is_done_again_where_it_works() -> None:
    """Somebody found out once that the badge comes with a prefix; nobody needs to find it out twice."""
    badge = custom("Badge")
    steps: list[Step] = [Trim(), Replace(pattern="^B-", replacement=""), Case(to="upper")]
    earlier = counted(
        [*[{"badge": FromSource(path=["extensionAttribute7"], steps=steps)}] * 2, {"badge": FromSource(path=["extensionAttribute7"])}]
    )
    samples = [{"extensionAttribute7": f" B-x{number}"} for number in range(5)]
    found = by_target(suggested(samples, badge, earlier=earlier))["badge"]
    assert steps_of(found) == steps
    assert found.transformations[0].reason == "2 of 3 other mappings of it do so"
    assert stored(samples, badge, earlier=earlier) == [f"X{number}" for number in range(5)]
    of_lists = [{"extensionAttribute7": {"is": "an object"}}]
    assert "badge" not in by_target(suggested(of_lists, badge, earlier=earlier))


def test_what_other_mappings_do_is_not_done_where_it_fails() -> None:
    """Dates are written otherwise here."""
    earlier = counted([{"start_date": FromSource(path=["begins"], steps=[Date(formats=["%d.%m.%Y"])])}])
    here = [{"begins": "2026-01-02"}]
    assert steps_of(by_target(suggested(here, STARTED, earlier=earlier))["start_date"]) == []


ALL = [
    STARTED,
    custom("Manager"),
    custom("Updated", data_type="datetime"),
    custom("Created", data_type="boolean"),
    custom("Login", data_type="number"),
    custom("Mail", data_type="text_list"),
    custom("Password", dropdown="fixed", options=["active", "ada@example.com"]),
]


@settings(max_examples=200, deadline=None)
@given(RECORDS)
def test_no_suggestion_with_steps_fails_on_what_was_looked_at(records: list[dict[str, Any]]) -> None:
    """Nor is any refused when it is stored."""
    samples = storable(records)
    fields = {field.key: field for field in ALL}
    for one in by_target(suggested(samples, *ALL)).values():
        if one.target in fields and steps_of(one):
            stored_values = stored(samples, fields[one.target])
            assert stored_values is not None
            assert any(value is not None for value in stored_values)
