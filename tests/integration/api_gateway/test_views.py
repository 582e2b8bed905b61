"""Saved views: kept by one account, shown to those whom it shares them with, and read as lists."""

import json
from typing import Any

import pytest

from tests.support.api_gateway import ANY_ID, Gateway

RULE = {"field": "role", "operator": "equals", "value": "Leaver"}
VIEW: dict[str, Any] = {"name": "Leavers", "rule": RULE, "search": "berlin", "sort": "-email", "fields": ["email", "full_name"]}
CHECK = "POST /internal/records/person/check"


@pytest.fixture
async def mapped(here: Gateway) -> Gateway:
    """Give a gateway whose mapper finds nothing wrong with any list."""
    for kind in ("person", "saas_user"):
        here.mapper.answer(f"POST /internal/records/{kind}/check", {"records": None, "by_index": True})
    here.mapper.answer("GET /internal/people", {"items": [], "next_cursor": "more", "total": 12_345, "total_is_estimate": True})
    return here


async def test_a_view_is_read_as_the_list_that_it_keeps(mapped: Gateway) -> None:
    """Rule, search, sort and fields come from the view; where to go on comes from the caller."""
    made = await mapped.call("POST", "/views", VIEW)
    assert (made.status_code, made.json()["owner"]) == (201, "admin")
    assert mapped.mapper.asked[-1].body == {**{key: VIEW[key] for key in ("rule", "search", "sort", "fields")}, "count_to": None}
    path = f"/views/{made.json()['id']}/records"
    page = (await mapped.call("GET", path, params={"cursor": "c", "limit": 7, "count": True})).json()
    assert (page["total"], page["total_is_estimate"], page["next_cursor"]) == (12_345, True, "more")
    query = mapped.mapper.asked[-1].query
    assert json.loads(query.pop("filter")) == RULE
    wanted = {"search": "berlin", "sort": "-email", "fields": "email,full_name", "archived": "false"}
    assert query == {**wanted, "cursor": "c", "limit": "7", "count": "true"}


async def test_a_list_that_cannot_be_is_not_kept(here: Gateway) -> None:
    """What is wrong is said when it is saved, and not when somebody opens it."""
    problem = {"status": 422, "detail": "no", "code": "bad_rule", "remedy": "r", "fields": [{"field": "rule.field", "message": "m"}]}
    here.mapper.answer(CHECK, problem, 422)
    refused = await here.call("POST", "/views", VIEW)
    assert (refused.status_code, refused.json()["fields"][0]["field"]) == (422, "rule.field")
    assert (await here.call("GET", "/views")).json()["items"] == []


async def test_a_view_is_seen_by_its_owner_and_by_those_it_is_shared_with(mapped: Gateway) -> None:
    """What one account keeps for itself does not exist for the others."""
    tokens = {role: await mapped.token_for(role) for role in ("viewer", "operator", "admin")}
    others = await mapped.token_for("operator", "another operator")
    own = (await mapped.call("POST", "/views", VIEW, token=tokens["operator"])).json()
    shared = (await mapped.call("POST", "/views", {**VIEW, "name": "All", "shared_with": ["operator"]}, token=tokens["operator"])).json()
    for token, seen in (
        (tokens["viewer"], []),
        (others, ["All"]),
        (tokens["operator"], ["All", "Leavers"]),
        (tokens["admin"], ["All", "Leavers"]),
    ):
        assert [view["name"] for view in (await mapped.call("GET", "/views", token=token)).json()["items"]] == seen
    for view in (own, shared):
        path = f"/views/{view['id']}"
        for method, end, body in (("GET", "", None), ("GET", "/records", None), ("PUT", "", VIEW), ("DELETE", "", None)):
            answer = await mapped.call(method, f"{path}{end}", body, token=tokens["viewer"])
            assert (answer.status_code, answer.json()["code"]) == (404, "view_not_found")
    for method, body in (("PUT", VIEW), ("DELETE", None)):
        answer = await mapped.call(method, f"/views/{shared['id']}", body, token=others)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_your_view")
    assert (await mapped.call("DELETE", f"/views/{shared['id']}", token=tokens["admin"])).status_code == 204
    changed = await mapped.call("PUT", f"/views/{own['id']}", {**VIEW, "name": "Gone soon", "sort": None}, token=tokens["operator"])
    assert (changed.json()["name"], changed.json()["sort"], changed.json()["owner"]) == ("Gone soon", None, "the operator")


async def test_a_viewer_keeps_views_but_shares_none(mapped: Gateway) -> None:
    """Whoever may change nothing must not change what others see."""
    token = await mapped.token_for("viewer")
    assert (await mapped.call("POST", "/views", VIEW, token=token)).status_code == 201
    refused = await mapped.call("POST", "/views", {**VIEW, "name": "x", "shared_with": ["viewer"]}, token=token)
    assert (refused.status_code, refused.json()["needed_role"]) == (403, "operator")


async def test_a_name_is_taken_once_for_each_account(mapped: Gateway) -> None:
    """Two views of one name cannot be told apart; two accounts do not know of each other's."""
    first = (await mapped.call("POST", "/views", VIEW)).json()
    assert (await mapped.call("POST", "/views", {**VIEW, "name": " LEAVERS "})).json()["code"] == "name_taken"
    assert (await mapped.call("POST", "/views", VIEW, token=await mapped.token_for("operator"))).status_code == 201
    other = (await mapped.call("POST", "/views", {**VIEW, "name": "Others"})).json()
    assert (await mapped.call("PUT", f"/views/{other['id']}", VIEW)).json()["code"] == "name_taken"
    assert (await mapped.call("PUT", f"/views/{first['id']}", VIEW)).status_code == 200
    for wrong in ({"name": ""}, {**VIEW, "shared_with": ["agent"]}, {**VIEW, "fields": []}, {**VIEW, "colour": "red"}):
        assert (await mapped.call("POST", "/views", wrong)).status_code == 422
    assert (await mapped.call("GET", f"/views/{ANY_ID}")).status_code == 404
