"""The gateway before the real services: every route finds what it asks for, with the body and the query that it expects."""

import json
from typing import Any

from api_gateway.auth.access import NEEDED
from tests.support.api_gateway import ANY_ID
from tests.support.public_api import Api

RULE = '{"field": "email", "operator": "is_empty"}'
BODIES: dict[str, Any] = {
    "POST /integrations": {"provider": "sophos-users", "name": "Sophos"},
    "PATCH /integrations/{integration_id}": {"integration_user": "admin", "inputs": {"tenant_id": {"variable": "Sophos.Tenant ID"}}},
    "POST /integrations/{integration_id}/copy": {"name": "Sophos, again"},
    "PUT /integrations/{integration_id}/mapping": {"targets": {"email": {"kind": "source", "path": ["email"]}}, "sync_keys": ["email"]},
    "POST /integrations/{integration_id}/mapping/versions/{version}/restore": {"note": "as it was", "based_on": 1},
    "POST /integrations/{integration_id}/mapping/forecasts": {"preference": "update_only"},
    "POST /integrations/{integration_id}/mapping/samples": {"name": "Ada", "record": {"email": "ada@example.com"}},
    "PUT /integrations/{integration_id}/mapping/samples/{sample_id}": {"name": "Ada", "record": {}, "expected": {"values": {}}},
    "POST /runs/{run_id}/undo": {"mode": "apply"},
    "POST /undos/{undo_id}/undo": {"mode": "plan"},
    "POST /runs/{run_id}/errors/replay": {"error_ids": [ANY_ID]},
    "POST /rules/check": {"object_type": "saas_user", "rule": {"field": "roles", "operator": "contains", "value": "admin"}},
    "POST /fields": {"label": "Sophos User Id", "unique": True},
    "PATCH /fields/{object_type}/{key}": {"help": "As Sophos calls them"},
    "POST /saas-instances": {"application": "Sophos Endpoint Security", "name": "Sophos of the branch"},
    "POST /applications": {"name": "Jira", "category": "Tickets", "publisher": "Atlassian", "url": "https://example.com/jira"},
    "PATCH /applications/{application_id}": {"name": "Jira Cloud", "url": None},
    "PATCH /saas-instances/{saas_instance_id}": {"name": "Jira of the branch", "application_id": ANY_ID},
    "PUT /authority/{object_type}": {"hand": "keep"},
    "PUT /authority/{object_type}/{field}": {"sources": ["hand"]},
    "POST /people": {"fields": {"username": "ada", "email": "ada@example.com", "full_name": "Ada", "role": "Employee"}},
    "PATCH /people/{person_id}": {"fields": {"full_name": "Ada"}},
    "POST /people/{person_id}/anonymise": {"confirm": "ada"},
    "PATCH /assets/{asset_id}": {"fields": {"serial_number": "C02"}},
    "PATCH /saas-users/{saas_user_id}": {"fields": {"to_be_deleted": True}, "add": {"tags": ["vip"]}},
    "POST /views": {"name": "Without e-mail", "rule": json.loads(RULE), "sort": "-email", "fields": ["email"], "shared_with": ["viewer"]},
    "PUT /views/{view_id}": {"name": "Without e-mail", "object_type": "saas_user", "rule": json.loads(RULE)},
    "POST /exports": {"object_type": "saas_user", "format": "xlsx", "rule": json.loads(RULE), "sort": "email", "fields": ["email"]},
    "POST /views/{view_id}/exports": {"format": "csv", "headings": "keys"},
    "POST /bulk-edits": {
        "object_type": "person",
        "rule": json.loads(RULE),
        "search": "ada",
        "change": {"add": {"tags": ["vip"]}},
        "idempotency_key": "k",
    },
    "POST /people/{person_id}/merge": {"merge_id": ANY_ID[:-1] + "f", "mode": "plan", "note": "One and the same"},
    "POST /merges/{merge_id}/unmerge": {"mode": "plan"},
    "POST /match-conflicts/{conflict_id}/settle": {"decision": "choose", "record_id": ANY_ID},
    "POST /withheld/release": {"saas_instance_id": ANY_ID, "force": True},
    "POST /withheld/discard": {"saas_instance_id": ANY_ID},
    "POST /workflows": {"name": "w", "object_type": "saas_user", "definition": {"blocks": [], "connections": []}},
    "PATCH /workflows/{workflow_id}": {"name": "w"},
    "POST /workflows/{workflow_id}/sweeps": {"record_ids": [ANY_ID]},
    "POST /credentials": {"name": "Sophos", "client_id": "c", "client_secret": "s3cret"},
    "PATCH /credentials/{credential_id}": {"expires_at": "2029-01-01T00:00:00Z"},
    "PUT /credentials/{credential_id}/secret": {"secrets": {"client_secret": "s3cret"}},
    "POST /credentials/{credential_id}/test": {"inputs": {"tenant_id": {"value": ANY_ID}}},
    "POST /operations/{provider}/{operation}": {"idempotency_key": "a key of ours", "credential_id": ANY_ID, "inputs": {}, "arguments": {}},
    "POST /global-variables": {"name": "Sophos.Tenant ID", "value": ANY_ID},
    "PUT /global-variables/{variable_id}": {"value": "v"},
    "PUT /integrations/{integration_id}/schedules/{kind}": {"timing": {"type": "daily", "at": "02:30"}, "time_zone": "Europe/Berlin"},
    "POST /contacts": {"name": "On call", "channel": "webhook", "address": "https://hooks.example.com/T0/secret"},
    "PATCH /contacts/{contact_id}": {"enabled": False},
    "POST /agent/claims": {"version": "1.0", "providers": ["sophos-users"]},
    "POST /agent/runs/{run_id}/pages": {
        "fence": 1,
        "after": None,
        "pages": [{"records": [], "fetched_at": "2026-01-01T00:00:00Z", "next": None, "took_ms": 1, "requests": 1}],
    },
    "POST /agent/runs/{run_id}/answers": {"fence": 1},
    "POST /agent/runs/{run_id}/alive": {"fence": 1},
    "POST /agent/runs/{run_id}/release": {"fence": 1},
    "POST /agent/runs/{run_id}/failure": {"fence": 1, "code": "sign_in_refused", "message": "the source gave no token"},
    "POST /accounts": {"name": "Ada", "kind": "person", "role": "viewer"},
    "POST /accounts/{account_id}/tokens": {"name": "t"},
}
STEPS = {
    "{object_type}": "person",
    "{field}": "badge",
    "{key}": "sophos-users",
    "{kind}": "full",
    "{consumer}": "mapper.sync",
    "{version}": "1",
}
QUERIES: dict[str, dict[str, Any]] = {
    "GET /people/{person_id}": {"as_of": "2026-01-01T00:00:00+01:00"},
    "GET /people/{person_id}/diff": {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"},
    "GET /saas-users/{saas_user_id}": {"as_of": "2026-01-01T00:00:00Z"},
    "GET /saas-users/{saas_user_id}/diff": {"from": "2026-01-01T00:00:00Z"},
    "GET /assets/{asset_id}": {"as_of": "2026-01-01T00:00:00Z"},
    "GET /assets/{asset_id}/diff": {"from": "2026-01-01T00:00:00Z"},
    "GET /integrations/{integration_id}/why-not": {"source_id": "u1"},
    "GET /undos/{undo_id}/items": {"action": "put_back", "conflicts": True, "limit": 5},
    "GET /people": {
        "archived": True,
        "filter": RULE,
        "search": "ada",
        "sort": "-email",
        "fields": "email,full_name",
        "limit": 5,
        "count": True,
    },
    "GET /people/{person_id}/saas-users": {"filter": RULE, "sort": "email", "fields": "email", "limit": 5, "count": True},
    "GET /saas-instances/{saas_instance_id}/users": {"filter": RULE, "sort": "email", "fields": "email", "limit": 5, "count": True},
    "GET /saas-users": {"filter": RULE, "sort": "email", "fields": "email", "limit": 5, "count": True},
    "GET /assets": {"filter": '{"field": "hostname", "operator": "is_empty"}', "sort": "hostname", "limit": 5, "count": True},
    "GET /saas-instances": {"application_id": ANY_ID},
    "GET /applications": {"limit": 5},
    "GET /withheld": {"state": "held", "kind": "missing", "saas_instance_id": ANY_ID, "integration_id": ANY_ID, "limit": 5, "count": True},
    "GET /merges": {"person_id": ANY_ID, "limit": 5},
    "GET /match-conflicts": {"state": "open", "integration_id": ANY_ID, "limit": 5},
    "GET /views/{view_id}/records": {"limit": 5, "count": True},
    "GET /fields": {"object_type": "saas_user"},
    "GET /authority": {"object_type": "person"},
    "GET /authority/hand-edits": {"object_type": "person", "field": "email", "limit": 5},
    "GET /notices": {"open": True, "kind": "run_failed", "integration_id": ANY_ID, "limit": 5},
    "GET /dead-letters": {"consumer": "mapper.sync", "limit": 5},
    "GET /workflows": {"limit": 5, "count": True},
    "GET /workflows/{workflow_id}/runs": {"state": "failed", "record_id": ANY_ID, "limit": 5, "count": True},
    "GET /integrations": {"archived": True},
    "GET /integrations/{integration_id}/runs": {"limit": 5},
    "GET /integrations/{integration_id}/files": {"limit": 5},
    "POST /integrations/{integration_id}/files": {"name": "people.csv", "encoding": "utf-8", "sheet": "People"},
    "GET /integrations/{integration_id}/mapping/versions": {"limit": 5},
    "GET /integrations/{integration_id}/mapping/versions/{version}/diff": {"against": 0},
    "GET /runs/{run_id}/errors": {"limit": 5},
    "GET /runs/{run_id}/filtered": {"limit": 5},
    "GET /runs/{run_id}/plan/items": {"action": "update", "outcome": "moved", "source_id": "u1", "limit": 5},
    "GET /runs/{run_id}/pages": {"limit": 5},
}
INPUTS = {"tenant_id": {"value": ANY_ID}, "data_region": {"value": "https://api-eu01.central.sophos.com"}}
BEGIN = {"id": "begin", "type": "begin", "settings": {"trigger": "manual", "rule": {"field": "email", "operator": "is_not_empty"}}}
END = {"id": "end", "type": "end", "settings": {}}
DELETES: dict[str, Any] = {
    "id": "delete",
    "type": "api_call",
    "settings": {"preset": "sophos-delete-user", "credential_id": ANY_ID, "inputs": INPUTS},
}


async def test_every_route_reaches_a_service_that_understands_it(api: Api) -> None:
    """A path, a query or a body that only one side knows would be seen by the first caller."""
    answered: dict[str, int] = {}
    for object_type in ("person", "saas_user", "asset"):
        await api.made("/fields", {"object_type": object_type, "label": "Badge", "unique": True})
    agent = await api.made("/accounts", {"name": "agent-berlin", "kind": "service", "role": "agent"})
    agent_token = (await api.made(f"/accounts/{agent['id']}/tokens", {"name": "host"}))["token"]
    for (method, route), role in NEEDED.items():
        path = route.removeprefix("/api/v1")
        call = f"{method} {path}"
        filled = "/".join(STEPS.get(step, ANY_ID) if step.startswith("{") else step for step in path.split("/"))
        token = agent_token if role == "agent" else None
        response = await api.call(method, filled, BODIES.get(call), token=token, **QUERIES.get(call, {}))
        assert response.status_code in {200, 201, 204, 404}, (call, response.text)
        if response.status_code == 404:
            # The domain's own words name the thing; a route that is not there says only this.
            assert response.json()["detail"] != "Not Found", call
            assert "{" in path, call
        answered[call] = response.status_code
    assert {call for call, status in answered.items() if "{" not in call} == {call for call, status in answered.items() if status < 300} - {
        "GET /providers/{key}",
        "GET /integrations/{integration_id}/mapping",
        "GET /integrations/{integration_id}/mapping/readiness",
    } - {call for call in answered if "{" in call}


async def test_readiness_sees_the_real_services(api: Api) -> None:
    """Each must answer at the address that the gateway asks."""
    ready = (await api._http.get("/health/ready")).json()
    assert {name: dependency["state"] for name, dependency in ready["dependencies"].items()} == dict.fromkeys(
        ("database", "bus", "outbox", "connector", "mapper", "workflow-engine"), "up"
    )


async def test_a_variable_that_an_active_workflow_needs_is_not_deleted(api: Api) -> None:
    """The connector keeps variables, the workflow engine knows who needs them: one must ask the other."""
    variable = await api.made("/global-variables", {"name": "Tenant", "type": "uuid", "value": ANY_ID})
    block = {**DELETES, "settings": {**DELETES["settings"], "inputs": {**INPUTS, "tenant_id": {"variable": "tenant"}}}}
    lines = [{"source": "begin", "target": "delete"}, {"source": "delete", "target": "end"}]
    definition = {"blocks": [BEGIN, block, END], "connections": [*lines, {"source": "delete", "exit": "failure", "target": "end"}]}
    workflow = await api.made("/workflows", {"name": "Offboarding", "object_type": "saas_user", "definition": definition})
    assert (await api.call("POST", f"/workflows/{workflow['id']}/activate")).status_code == 200
    (shown,) = (await api.call("GET", "/global-variables")).json()["items"]
    assert shown["used_by_workflows"] == ["Offboarding"]
    refused = await api.call("DELETE", f"/global-variables/{variable['id']}")
    assert (refused.status_code, refused.json()["used_by_workflows"]) == (409, ["Offboarding"])
    await api.call("POST", f"/workflows/{workflow['id']}/deactivate")
    assert (await api.call("DELETE", f"/global-variables/{variable['id']}")).status_code == 204


async def test_only_an_admin_says_where_a_credential_is_sent(api: Api) -> None:
    """Whoever could aim it at a host of their own would have its secret."""
    account = await api.made("/accounts", {"name": "Otto", "kind": "person", "role": "operator"})
    operator = (await api.made(f"/accounts/{account['id']}/tokens", {}))["token"]
    made = await api.call("POST", "/integrations", {"provider": "rest-users", "name": "Payroll"}, token=operator)
    path, aim = f"/integrations/{made.json()['id']}", {"inputs": {"url": {"value": "https://listener.example/steal"}}}
    for wrong in (aim, {"credential_id": ANY_ID}):
        refused = await api.call("PATCH", path, wrong, token=operator)
        assert (refused.status_code, refused.json()["code"], refused.json()["needed_role"]) == (403, "role_needed", "admin")
    assert (await api.call("PATCH", path, {"name": "Payroll people"}, token=operator)).status_code == 200
    assert (await api.call("PATCH", path, aim)).status_code == 200
    secret = {"inputs": {"url": {"value": "https://user:pw@listener.example/"}}}
    assert (await api.call("PATCH", path, secret)).json()["fields"][0]["field"] == "inputs.url"
    sophos = await api.made("/integrations", {"provider": "sophos-users", "name": "Sophos of Otto"})
    inputs = {"inputs": {"tenant_id": {"value": ANY_ID}}}
    assert (await api.call("PATCH", f"/integrations/{sophos['id']}", inputs, token=operator)).status_code == 200


async def test_only_an_admin_activates_a_workflow_that_destroys(api: Api) -> None:
    """Whoever may run workflows must not let one loose that deletes people."""
    account = await api.made("/accounts", {"name": "Olga", "kind": "person", "role": "operator"})
    operator = (await api.made(f"/accounts/{account['id']}/tokens", {}))["token"]
    lines = [{"source": "begin", "target": "delete"}, {"source": "delete", "target": "end"}]
    deleting = {"blocks": [BEGIN, DELETES, END], "connections": [*lines, {"source": "delete", "exit": "failure", "target": "end"}]}
    harmless = {"blocks": [BEGIN, END], "connections": [{"source": "begin", "target": "end"}]}
    ids = {}
    for name, definition in (("deletes", deleting), ("harmless", harmless)):
        ids[name] = (await api.made("/workflows", {"name": name, "object_type": "saas_user", "definition": definition}))["id"]
    assert (await api.call("POST", f"/workflows/{ids['harmless']}/activate", token=operator)).json()["state"] == "active"
    refused = await api.call("POST", f"/workflows/{ids['deletes']}/activate", token=operator)
    assert (refused.status_code, refused.json()["code"], refused.json()["needed_role"]) == (403, "role_needed", "admin")
    assert "delete" in refused.json()["detail"]
    assert (await api.call("GET", f"/workflows/{ids['deletes']}")).json()["state"] == "draft"
    # The draft of an active workflow may be changed by an operator; it still does not take effect.
    await api.call("PATCH", f"/workflows/{ids['harmless']}", {"definition": deleting}, token=operator)
    assert (await api.call("POST", f"/workflows/{ids['harmless']}/activate", token=operator)).status_code == 403
    activated = await api.call("POST", f"/workflows/{ids['deletes']}/activate")
    assert (activated.status_code, activated.json().get("code")) == (200, None), activated.text
