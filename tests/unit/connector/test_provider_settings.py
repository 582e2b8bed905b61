"""What may be typed into a provider's settings, and which of them an integration cannot do without."""

import pytest

from connector.providers.settings import problem_of
from connector.sources.base import Access, Input
from connector.sources.rest.description import SettingsDisagree, described
from connector.sources.rest.manifest import INPUTS
from connector.sources.sophos.manifest import MANIFEST
from connector.variables.inputs import input_gaps
from shared.api.sources import InputField
from shared.ids import new_id

A, B = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
FIELDS: dict[str, InputField] = {field.key: field for field in MANIFEST.inputs}


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        ("tenants", "all", True),
        ("tenants", "ALL", True),
        ("tenants", f"{A},  {B.upper()}", True),
        ("tenants", f"{A};{B}", False),
        ("tenants", f"{A},", False),
        ("tenants", "everybody", False),
        ("include", "groups", True),
        ("include", "groups, admin_roles", True),
        ("include", "groups,shoe_size", False),
        ("include", "groups,", False),
    ],
)
def test_what_does_not_fit_a_setting_is_refused_with_what_would(key: str, value: str, fits: bool) -> None:
    """The sooner, the less is run in vain."""
    problem = problem_of(FIELDS[key], value)
    assert (problem is None) == fits
    assert problem is None or problem[1]


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://api.example/v1/users?active=true", True),
        ("http://[::1]:8080/", True),
        ("https://exa mple.com/", False),
        ("https://example.com/\r\nX: y", False),
        ("http://①②⑦.⓪.⓪.①/", False),
        ("https://example.com:99999/", False),
        ("https://u:p@example.com/", False),
        ("file:///etc/passwd", False),
    ],
)
def test_what_cannot_be_asked_is_no_address(url: str, fits: bool) -> None:
    """It would be asked again and again in every run, and called unreachable."""
    problem = problem_of(InputField(key="url", label="URL", data_type="url", description=""), url)
    assert (problem is None) == fits


@pytest.mark.parametrize(
    ("given", "missing"),
    [([], ["inputs.tenant_id", "inputs.data_region"]), (["tenant_id"], ["inputs.data_region"]), (["tenants"], [])],
)
def test_choosing_tenants_stands_for_the_one_tenant(given: list[str], missing: list[str]) -> None:
    """A partner's credential has no tenant and no region of its own."""
    assert [gap.field for gap in input_gaps(MANIFEST, given)] == missing


HUSH = "hush-hush-0123456789-abcdef"
URL = next(field for field in INPUTS if field.key == "url")


@pytest.mark.parametrize(
    "url",
    [
        f"https://ann:{HUSH}@api.example/users",
        f"https://{HUSH}@api.example/users",
        f"https://:{HUSH}@api.example/users",
        f"https://api.example/users?api_key={HUSH}",
        f"https://api.example/users?active=true&Access-Token={HUSH}",
        f"https://api.example/users?code={HUSH}",
        f"https://api.example/users?X-Amz-Signature={HUSH}",
        f"https://api.example/users?k={HUSH}",
        f"https://api.example/users?{HUSH}",
        f"https://api.example/users#token={HUSH}",
        "https://api.example/users?password=short",
    ],
)
def test_an_address_with_a_secret_is_refused_where_it_is_typed_and_where_it_is_used(url: str) -> None:
    """Addresses are stored and shown to everybody; a key in one would be no secret any more. The refusal repeats nothing of it."""
    problem = problem_of(URL, url)
    assert problem is not None
    assert "credential" in problem[1]
    with pytest.raises(SettingsDisagree) as raised:
        described(Access(new_id(), "REST", "basic", {}, {}, (Input("url", url, "Payroll address"),)))
    assert raised.value.fields[0]["field"] == "inputs.url"
    assert HUSH not in f"{problem} {raised.value} {raised.value.fields} {raised.value.remedy}"


@pytest.mark.parametrize("query", ["active=true", f"tenant={A}", "fields=id,mail,name&sort=asc", "updated_after=2026-01-01T00:00:00Z", ""])
def test_an_address_may_say_which_users_are_wanted(query: str) -> None:
    """What is no secret belongs to the address, and is sent with every page."""
    assert problem_of(URL, f"https://api.example/users?{query}") is None
