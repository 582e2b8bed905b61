"""Values are stored as their field says, or refused with the reason; what is unique is compared as people would."""

import json
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapper.fields.values import DoesNotFit, fitted, storable, unique_key
from shared.api.fields import DataType

ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())) | st.lists(st.text())


@given(value=ANYTHING, data_type=st.sampled_from(get_args(DataType)))
def test_what_fits_can_be_written_and_stays_what_it_is(value: Any, data_type: DataType) -> None:
    """A stored value is JSON that both databases keep; storing it again changes nothing."""
    try:
        stored = fitted(value, data_type)
    except DoesNotFit:
        return
    assert "\\u0000" not in orjson.dumps(stored).decode()
    assert fitted(stored, data_type) == stored


@pytest.mark.parametrize(
    ("value", "data_type", "stored"),
    [
        (" Yes ", "boolean", True),
        (7, "text", "7"),
        (True, "text", "True"),
        ("2026-02-03", "datetime", "2026-02-03T00:00:00.000Z"),
        ("2026-02-03T06:18:32.457Z", "datetime", "2026-02-03T06:18:32.457Z"),
        ("2026-02-03T06:18:32.457+02:00", "datetime", "2026-02-03T04:18:32.457Z"),
        ("2026-W06-2T06:18:32.457Z", "datetime", "2026-02-03T06:18:32.457Z"),
        (["User"], "text_list", ["User"]),
        ("", "number", None),
    ],
)
def test_values_are_stored_in_one_form(value: Any, data_type: DataType, stored: Any) -> None:
    """Two spellings of one value must not look like a change."""
    assert fitted(value, data_type) == stored


@pytest.mark.parametrize(
    ("value", "data_type"),
    [
        (float("nan"), "number"),
        (2**63, "number"),
        pytest.param(10**5000, "text", id="5001 digits"),
        (True, "number"),
        ("0001-01-01T00:00:00+10:00", "datetime"),
        ("2026-02-30T06:18:32.457Z", "datetime"),
        ([1, {}], "text_list"),
    ],
)
def test_what_cannot_be_kept_is_refused(value: Any, data_type: DataType) -> None:
    """Better refused for one record than failing for a page."""
    with pytest.raises(DoesNotFit):
        fitted(value, data_type)


def test_unique_values_are_compared_as_people_read_them() -> None:
    """Case, width, composition and outer blanks make nobody another person."""
    assert len({unique_key(text) for text in ("Żoë@x.org", "ŻOË@X.ORG", " żoë@x.org ", "Żoë@x.org")}) == 1
    assert unique_key("straße") == unique_key("STRASSE")
    long = "ß" * 1000
    assert unique_key(long) == unique_key(long.upper())
    assert len(unique_key(long).encode()) < 100


@given(
    st.recursive(
        ANYTHING, lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=())), inner), max_leaves=5
    )
)
def test_any_record_has_a_form_that_can_be_told(record: Any) -> None:
    """A rejected record is kept for replay, whatever is in it."""
    text = json.dumps(storable(record), ensure_ascii=False)
    assert "\x00" not in text
    text.encode()
