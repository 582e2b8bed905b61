"""What the gateway passes on: the account's name, the body as it was sent, and errors as they are."""

from typing import Any

import pytest

from shared.errors import Throttled
from tests.support.api_gateway import ANY_ID, FakeService, Gateway

MOMENT = "2026-05-01T08:00:00Z"
INTEGRATION: dict[str, Any] = {
    "id": ANY_ID,
    "provider": "sophos-users",
    "application": "Sophos Endpoint Security",
    "name": "Sophos",
    "state": "draft",
    "user_selection": None,
    "installation": "cloud",
    "preference": "create_and_update",
    "integration_user": None,
    "saas_instance_id": None,
    "credential_id": None,
    "inputs": {},
    "missing": [],
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
FIELD = {"key": "email", "label": "E-mail", "path": ["email"], "data_type": "text"}
TENANT = {"key": "tenant_id", "label": "Tenant ID", "variable": "Sophos.Tenant ID", "description": "The tenant."}
PROVIDER = {
    "key": "sophos-users",
    "name": "Sophos users",
    "application": "Sophos Endpoint Security",
    "credential_kinds": ["oauth2_client_credentials"],
    "inputs": [TENANT],
    "source_fields": [FIELD],
    "presets": [],
}
EMPTY = {"items": [], "next_cursor": "more", "total": 7}


async def test_a_service_learns_for_whom_the_gateway_asks(here: Gateway) -> None:
    """Records name the account that changed them; logs of all services join by one id."""
    token = await here.token_for("operator", "Ada")
    here.connector.answer("POST /internal/integrations", INTEGRATION, 201)
    response = await here.call(
        "POST", "/integrations", {"provider": "sophos-users", "name": "Sophos"}, token=token, headers={"X-Request-ID": ANY_ID}
    )
    assert response.status_code == 201
    (asked,) = here.connector.asked
    assert (asked.caller.service, asked.caller.actor) == ("api-gateway", "Ada")
    assert asked.request_id == ANY_ID == response.headers["x-request-id"]
    assert asked.body == {"provider": "sophos-users", "name": "Sophos"}


async def test_a_secret_reaches_the_connector_and_nobody_else(here: Gateway) -> None:
    """Masked asterisks would be stored as a secret that never works; an echo would leak it."""
    shown = {"id": ANY_ID, "name": "Sophos", "kind": "oauth2_client_credentials", "provider": "sophos-users", "client_id": "c"}
    here.connector.answer(
        "POST /internal/credentials", {**shown, "created_at": MOMENT, "changed_at": MOMENT, "client_secret": "never shown"}, 201
    )
    given = {"name": "Sophos", "client_id": "c", "client_secret": "s3cret"}
    response = await here.call("POST", "/credentials", given)
    assert response.status_code == 201
    assert here.connector.asked[0].body["client_secret"] == "s3cret"
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("status", "code"), [(403, "forbidden_there"), (404, "no_integration"), (409, "taken"), (422, "bad_name"), (502, "odd"), (503, "slow")]
)
async def test_a_service_s_errors_come_through_unchanged(here: Gateway, status: int, code: str) -> None:
    """Whoever reads the error must learn what the service knows: which field, and what to do."""
    field = {"field": "name", "message": "is taken", "remedy": "Choose another."}
    problem = {"title": "T", "status": status, "detail": "what went wrong", "code": code, "remedy": "what to do", "fields": [field]}
    here.connector.answer(f"GET /internal/integrations/{ANY_ID}", {**problem, "existing": ["one"]}, status, **{"Retry-After": "7"})
    response = await here.call("GET", f"/integrations/{ANY_ID}")
    assert response.status_code == status
    answered = response.json()
    assert {name: answered[name] for name in ("detail", "code", "remedy", "fields", "existing")} == {
        "detail": "what went wrong",
        "code": code,
        "remedy": "what to do",
        "fields": [field],
        "existing": ["one"],
    }
    assert response.headers.get("retry-after") == ("7" if status == Throttled.status else None)


async def test_services_with_different_keys_are_not_the_caller_s_fault(here: Gateway) -> None:
    """A 401 would send people to make new tokens that cannot help."""
    problem = {"title": "Not signed in", "status": 401, "detail": "the service token is not valid", "code": "unauthenticated"}
    here.mapper.answer("GET /internal/people", {**problem, "remedy": "Services must share one ROLLCALL_SERVICE_KEY."}, 401)
    response = await here.call("GET", "/people")
    assert (response.status_code, response.json()["code"]) == (502, "service_token_refused")
    assert "ROLLCALL_SERVICE_KEY" in response.json()["remedy"]


async def test_an_unknown_integration_user_is_refused_with_the_remedy(here: Gateway) -> None:
    """Records would be changed in the name of nobody."""
    refused = await here.call("PATCH", f"/integrations/{ANY_ID}", {"integration_user": "Nobody"})
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, "unknown_account")
    assert "Nobody" in problem["detail"]
    assert problem["fields"][0]["field"] == "integration_user"
    assert "/api/v1/accounts" in problem["remedy"]
    assert not here.connector.asked


async def test_a_patch_passes_on_only_what_was_given(here: Gateway) -> None:
    """A null empties a detail: what was left out must stay out."""
    await here.token_for("operator", "Sync Robot")
    here.connector.answer(f"PATCH /internal/integrations/{ANY_ID}", INTEGRATION)
    here.connector.answer(f"GET /internal/integrations/{ANY_ID}", INTEGRATION)
    here.connector.answer("GET /internal/providers/sophos-users", PROVIDER)
    for given, passed in (
        ({"integration_user": "sync robot"}, {"integration_user": "Sync Robot"}),
        ({"credential_id": None}, {"credential_id": None}),
        ({"inputs": {"tenant_id": {"variable": "Sophos.Tenant ID"}}}, {"inputs": {"tenant_id": {"variable": "Sophos.Tenant ID"}}}),
    ):
        assert (await here.call("PATCH", f"/integrations/{ANY_ID}", given)).status_code == 200
        assert here.connector.asked[-1].body == passed


@pytest.mark.parametrize(
    ("path", "service", "internal"),
    [
        ("/credentials", "connector", "/credentials"),
        ("/global-variables", "connector", "/variables"),
        ("/providers", "connector", "/providers"),
        ("/integrations", "connector", "/integrations"),
        (f"/integrations/{ANY_ID}/runs", "connector", f"/integrations/{ANY_ID}/runs"),
        (f"/runs/{ANY_ID}/errors", "connector", f"/runs/{ANY_ID}/errors"),
        ("/fields", "mapper", "/fields"),
        ("/applications", "mapper", "/applications"),
        ("/saas-instances", "mapper", "/saas-instances"),
        ("/people", "mapper", "/people"),
        (f"/people/{ANY_ID}/timeline", "mapper", f"/people/{ANY_ID}/timeline"),
        ("/saas-users", "mapper", "/saas-users"),
        ("/blocks", "workflow_engine", "/blocks"),
        ("/presets", "workflow_engine", "/presets"),
        ("/workflows", "workflow_engine", "/workflows"),
        (f"/workflows/{ANY_ID}/runs", "workflow_engine", f"/workflows/{ANY_ID}/runs"),
    ],
)
async def test_every_list_has_the_shape_of_a_page(here: Gateway, path: str, service: str, internal: str) -> None:
    """One shape for every list: a client that can read one can read all. Lists of records also say whether their total is an estimate."""
    behind: FakeService = getattr(here, service)
    behind.answer(f"GET /internal{internal}", EMPTY)
    response = await here.call("GET", path)
    more = {"total_is_estimate": False} if path in {"/people", "/saas-users"} else {}
    assert (response.status_code, response.json()) == (200, {**EMPTY, **more})


async def test_a_list_s_query_reaches_the_service(here: Gateway) -> None:
    """Filter, order and place decide what is shown."""
    query: dict[str, Any] = {
        "filter": '{"field":"email","operator":"is_empty"}',
        "sort": "-email",
        "cursor": "abc",
        "limit": 10,
        "count": True,
    }
    here.mapper.answer("GET /internal/people", EMPTY)
    await here.call("GET", "/people", params=query)
    assert here.mapper.asked[0].query == {**{name: str(value) for name, value in query.items()}, "count": "true", "archived": "false"}
    here.workflow_engine.answer(f"GET /internal/workflows/{ANY_ID}/runs", EMPTY)
    await here.call("GET", f"/workflows/{ANY_ID}/runs", params={"state": "failed", "record_id": ANY_ID, "limit": 5})
    assert here.workflow_engine.asked[0].query == {"state": "failed", "record_id": ANY_ID, "limit": "5", "count": "false"}
    assert (await here.call("GET", "/people", params={"limit": 501})).status_code == 422


async def test_readiness_names_every_service(here: Gateway) -> None:
    """Whoever looks at the gateway must see which of the others is down."""
    ready = (await here.http.get("/health/ready")).json()
    assert ready["dependencies"].keys() == {"database", "bus", "outbox", "connector", "mapper", "workflow-engine"}


async def test_the_document_says_that_a_token_is_needed(here: Gateway) -> None:
    """Generated clients must know how to sign in."""
    document = (await here.call("GET", "/openapi.json")).json()
    assert document["paths"]["/api/v1/people"]["get"]["security"]
    assert document["components"]["securitySchemes"]
