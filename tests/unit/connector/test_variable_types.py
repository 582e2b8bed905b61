"""Types of global variables: what is typed in is right, or is named with what to type instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.variables.types import TYPES, checked_value
from shared.api.variables import VariableType
from shared.errors import Invalid


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("text", "  EU 01 ", "EU 01"),
        ("url", "https://api-eu01.central.sophos.com", "https://api-eu01.central.sophos.com"),
        ("url", "http://[::1]:8080/path?x=1", "http://[::1]:8080/path?x=1"),
        ("uuid", "4F8A1D1E-2F0C-4C3B-9A55-0D7F1C1F8E11", "4f8a1d1e-2f0c-4c3b-9a55-0d7f1c1f8e11"),
        ("host", "Files.Example.com.", "files.example.com"),
        ("host", "bücher.example", "xn--bcher-kva.example"),
        ("host", "2001:DB8::1", "2001:db8::1"),
        ("host", "192.0.2.7", "192.0.2.7"),
        ("number", "-12.50", "-12.50"),
        ("number", "1e6", "1e6"),
        ("boolean", "TRUE", "true"),
    ],
)
def test_a_value_that_fits_is_kept_in_one_form(kind: VariableType, value: str, kept: str) -> None:
    """Two spellings of one id would not be found equal by whoever compares them."""
    assert checked_value(kind, value) == kept


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "   "),
        ("text", "a\x00b"),
        ("url", "api-eu01.central.sophos.com"),
        ("url", "ftp://files.example.com"),
        ("url", "https://ann:s3cret@files.example.com"),
        ("url", "https://exa mple.com"),
        ("url", "https://[::1"),
        ("url", "https://host:99999"),
        ("uuid", "4f8a1d1e"),
        ("host", "https://files.example.com"),
        ("host", "-a.example.com"),
        ("host", "a..example.com"),
        ("host", "999.1.1.1"),
        ("number", "NaN"),
        ("number", "12,5"),
        ("number", "1_000"),
        ("number", "٣"),
        ("boolean", "yes"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_to_type(kind: VariableType, value: str) -> None:
    """It would fail at night, in a run, far from whoever typed it in."""
    with pytest.raises(Invalid) as refused:
        checked_value(kind, value)
    assert refused.value.fields[0]["field"] == "value"
    assert refused.value.remedy
    assert "s3cret" not in refused.value.message


@pytest.mark.parametrize("kind", TYPES)
@given(text=st.text(max_size=300))
def test_whatever_is_typed_is_taken_or_refused_and_what_is_taken_is_taken_again(kind: VariableType, text: str) -> None:
    """No input may crash the check, and what is stored must still fit when it is saved again."""
    try:
        kept = checked_value(kind, text)
    except Invalid:
        return
    assert checked_value(kind, kept) == kept
