"""What stands in an address: it goes to the service that is asked as it is, or nowhere."""

import pytest

from tests.support.api_gateway import ANY_ID
from tests.support.public_api import Api


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("/people", {"search": "a\x00b"}, "search"),
        ("/people", {"sort": "\x00"}, "sort"),
        (f"/integrations/{ANY_ID}/why-not", {"source_id": "a\x00"}, "source_id"),
        ("/people/by/email/a%00b", {}, "value"),
        (f"/people/{ANY_ID}/fields/%00/why", {}, "field"),
        ("/providers/%00", {}, "key"),
    ],
)
async def test_a_nul_in_an_address_is_refused_by_name(api: Api, path: str, query: dict[str, str], named: str) -> None:
    """PostgreSQL takes none, and SQLite ends texts there: both databases must answer alike, and not with a crash."""
    answer = await api.call("GET", path, **query)
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, named), answer.text


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        ("/people", {"filtr": "{}"}, "is no parameter of this call; did you mean filter?"),
        (f"/assets/{ANY_ID}/timeline", {"as_of": "2026-01-01T00:00:00Z"}, "is no parameter of this call"),
        ("/me", {"x": "1"}, "is no parameter of this call"),
    ],
)
async def test_a_parameter_that_a_call_does_not_have_is_refused(api: Api, path: str, query: dict[str, str], message: str) -> None:
    """Left out of account, a typing error in a filter answers with everybody, and a moment with the present."""
    answer = await api.call("GET", path, **query)
    problem = {key: value for key, value in answer.json()["fields"][0].items() if key != "remedy"}
    assert (answer.status_code, problem) == (422, {"field": next(iter(query)), "message": message}), answer.text


@pytest.mark.parametrize("field", ["email%3Fas_of=x", "email%23", "%2E%2E", "%25", "%0A", "\u00fc"])
async def test_a_step_of_an_address_leads_nowhere_else(api: Api, field: str) -> None:
    """A name of a field that ends the address, or leaves it, would let a caller choose what the gateway asks in their name."""
    person = await api.made("/people", {"fields": {"username": "ada", "email": "ada@example.com", "role": "Employee"}})
    why = await api.call("GET", f"/people/{person['id']}/fields/{field}/why")
    assert (why.status_code, why.json()["code"]) == (422, "unknown_field"), why.text
    changed = await api.call("PATCH", f"/fields/person/{field}", {"help": "x"})
    assert (changed.status_code, changed.json()["code"]) == (404, "field_not_found"), changed.text
    found = await api.call("GET", f"/people/by/{field}/{person['id']}")
    assert (found.status_code, found.json()["code"]) == (422, "unknown_field"), found.text
    assert (await api.call("GET", f"/people/by/%2E%2E/{person['id']}/export")).json()["code"] == "unknown_field"
