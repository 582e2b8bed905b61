"""Paths are read as people type them, and never computed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.api.source_paths import parse_path, typed_path


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("custom_field", ["custom_field"]),
        ("{{custom_field}}", ["custom_field"]),
        ("profile.custom_field", ["profile", "custom_field"]),
        ('profile["custom_field"]', ["profile", "custom_field"]),
        ("addresses[0].city", ["addresses", "0", "city"]),
        ("{{response.profile.first_name}}", ["profile", "first_name"]),
        ('{{response["test-field"]}}', ["test-field"]),
        ("test-field.cost centre", ["test-field", "cost centre"]),
        ("['https://idp.example/claims/dept'].value", ["https://idp.example/claims/dept", "value"]),
        ("response.status", ["response", "status"]),
    ],
)
def test_every_way_of_writing_a_path_is_read(typed: str, keys: list[str]) -> None:
    """Hyphens, dots and blanks are parts of ordinary keys."""
    assert parse_path(typed) == keys


@pytest.mark.parametrize("typed", ["", "  ", "a..b", ".a", "a[", "a[x]", 'a["b"]c', "{{}}", '{{"constant"}}', "a{b}"])
def test_what_is_no_path_is_refused_with_the_place(typed: str) -> None:
    """A typing error must not become an empty field of everybody."""
    with pytest.raises(ValueError, match=r"is empty|cannot be read|is a constant"):
        parse_path(typed)


@given(st.lists(st.text(min_size=1, max_size=8).filter(lambda key: '"' not in key or "'" not in key), min_size=1, max_size=4))
def test_a_path_that_is_shown_is_read_back(keys: list[str]) -> None:
    """Whatever the keys hold."""
    assert parse_path(typed_path(keys)) == keys
