"""Admins, roles and role assignments: from a user to their role, and who may not go."""

from typing import Any

import httpx
import pytest

from tests.contract.simulator.visitor import NOBODY, TOKEN, USERS, Json, Visitor, control, refusal

ADMINS, ROLES = "/common/v1/admins", "/common/v1/roles"


async def role_named(visitor: Visitor, name: str) -> Json:
    """Return a role."""
    return next(role for role in (await visitor.ask("GET", ROLES))["items"] if role["name"] == name)


async def admin_with(visitor: Visitor, role: str) -> Json:
    """Return the admin who has this role."""
    found: Json = (await visitor.ask("GET", ADMINS, roleId=(await role_named(visitor, role))["id"]))["items"][0]
    return found


async def test_admins_are_paged_and_roles_are_not(visitor: Visitor) -> None:
    """A client that reads `pages` everywhere must not stumble, and one that needs it must not be let down."""
    assert (await visitor.ask("GET", ADMINS, pageTotal="true"))["pages"] == {
        "current": 1,
        "size": 50,
        "maxSize": 100,
        "total": 1,
        "items": 3,
    }
    assert (await visitor.ask("GET", ROLES)).keys() == {"items"}
    admin = await admin_with(visitor, "Endpoint Admin")
    assert (await visitor.ask("GET", f"{ADMINS}/{admin['id']}/role-assignments")) == {"items": admin["roleAssignments"]}


async def test_a_users_role_is_found_through_their_admin(visitor: Visitor) -> None:
    """Admin, user, assignment, role; one admin may have several users; times lack the Z."""
    roles = {role["id"]: role["name"] for role in (await visitor.ask("GET", ROLES))["items"]}
    people = {user["id"]: user for user in await visitor.everybody()}
    admins = (await visitor.ask("GET", ADMINS))["items"]
    assert [roles[admin["roleAssignments"][0]["roleId"]] for admin in admins] == ["Super Admin", "Endpoint Admin", "Read-only"]
    assert [len(admin["users"]) for admin in admins] == [1, 1, 2]
    for admin in admins:
        assert admin["profile"]["email"] == people[admin["users"][0]["id"]]["email"]
        assert not admin["createdAt"].endswith("Z")
        assert admin == await visitor.ask("GET", f"{ADMINS}/{admin['id']}")
    await visitor.ask("GET", f"{ADMINS}/{NOBODY}", expect=404)


async def test_admins_are_searched_by_user_name_first(visitor: Visitor) -> None:
    """That is, by their e-mail; other fields when asked for."""
    admin = await admin_with(visitor, "Super Admin")
    profile = admin["profile"]
    assert (await visitor.ask("GET", ADMINS, search=profile["email"].upper()))["items"] == [admin]
    assert admin in (await visitor.ask("GET", ADMINS, search=profile["name"], searchFields="name"))["items"]
    assert (await visitor.ask("GET", ADMINS, search="nobody at all"))["items"] == []
    await visitor.ask("GET", ADMINS, searchFields="shoeSize", expect=400)


async def test_a_deleted_user_leaves_their_admin(visitor: Visitor) -> None:
    """The admin stays."""
    user = await visitor.ask("POST", USERS, body={"name": "Ann Lee", "email": "ann.lee@example.net"}, expect=201)
    role = await role_named(visitor, "Admin")
    body = {"userId": user["id"], "roleAssignments": [{"roleId": role["id"]}]}
    admin = await visitor.ask("POST", ADMINS, body=body, expect=201)
    assert admin["users"] == [{"id": user["id"], "name": "Ann Lee"}]
    await visitor.ask("POST", ADMINS, body=body, expect=409)
    await visitor.ask("DELETE", f"{USERS}/{user['id']}")
    assert (await visitor.ask("GET", f"{ADMINS}/{admin['id']}"))["users"] == []
    assert await visitor.ask("DELETE", f"{ADMINS}/{admin['id']}") == {"deleted": True}
    await visitor.ask("DELETE", f"{ADMINS}/{admin['id']}", expect=404)


@pytest.mark.parametrize(
    ("user", "role", "status"), [(NOBODY, "Admin", 404), (None, "Admin", 400), ("known", None, 404), ("known", "", 400)]
)
async def test_an_admin_needs_a_user_and_a_role_that_exist(visitor: Visitor, user: str | None, role: str | None, status: int) -> None:
    """404 for either, 400 for what is missing."""
    one = (await visitor.everybody())[50]["id"] if user == "known" else user
    role_id = NOBODY if role is None else role and (await role_named(visitor, role))["id"]
    await visitor.ask("POST", ADMINS, body={"userId": one, "roleAssignments": [{"roleId": role_id}]}, expect=status)


async def test_the_last_super_admin_stays(visitor: Visitor) -> None:
    """Neither deleted nor given less; with a second one they may go."""
    last = await admin_with(visitor, "Super Admin")
    path, less = f"{ADMINS}/{last['id']}", (await role_named(visitor, "Read-only"))["id"]
    await visitor.ask("DELETE", path, expect=409)
    await visitor.ask("POST", f"{path}/role-assignments", body={"roleId": less}, expect=409)
    await visitor.ask("DELETE", f"{path}/role-assignments/{last['roleAssignments'][0]['id']}", expect=409)
    other = await admin_with(visitor, "Endpoint Admin")
    body = {"roleId": (await role_named(visitor, "Super Admin"))["id"]}
    await visitor.ask("POST", f"{ADMINS}/{other['id']}/role-assignments", body=body, expect=201)
    assert await visitor.ask("DELETE", path) == {"deleted": True}


async def test_an_assignment_replaces_the_one_before(visitor: Visitor) -> None:
    """And can be read and taken away."""
    admin = await admin_with(visitor, "Endpoint Admin")
    path = f"{ADMINS}/{admin['id']}/role-assignments"
    role = await role_named(visitor, "Read-only")
    made = await visitor.ask("POST", path, body={"roleId": role["id"]}, expect=201)
    assert (made["roleId"], await visitor.ask("GET", path)) == (role["id"], {"items": [made]})
    assert await visitor.ask("GET", f"{path}/{made['id']}") == made
    assert await visitor.ask("DELETE", f"{path}/{made['id']}") == {"deleted": True}
    assert await visitor.ask("GET", path) == {"items": []}
    await visitor.ask("GET", f"{path}/{made['id']}", expect=404)
    await visitor.ask("POST", path, body={"roleId": NOBODY}, expect=404)


async def test_roles_are_filtered_and_read(visitor: Visitor) -> None:
    """By who made them and who can have them."""
    everything = (await visitor.ask("GET", ROLES))["items"]
    every_filter: list[dict[str, Any]] = [
        {"type": "custom"},
        {"type": "predefined"},
        {"principalType": "user"},
        {"principalType": "service"},
    ]
    for wanted in every_filter:
        found = (await visitor.ask("GET", ROLES, **wanted))["items"]
        assert found == [role for role in everything if wanted.items() <= role.items()]
        assert found
    await visitor.ask("GET", ROLES, type="purple", expect=400)
    assert (await visitor.ask("GET", ROLES, fields="name"))["items"][0].keys() == {"id", "name"}
    assert await visitor.ask("GET", f"{ROLES}/{everything[0]['id']}") == everything[0]
    await visitor.ask("GET", f"{ROLES}/{NOBODY}", expect=404)
    sets = {one["id"] for one in (await visitor.ask("GET", f"{ROLES}/permission-sets"))["items"]}
    assert all(sets.issuperset(role["permissionSets"]) for role in everything)


async def test_custom_roles_are_made_changed_and_deleted(visitor: Visitor) -> None:
    """Names are unique; predefined ones and those in use stay."""
    body = {"name": "Night shift", "description": "d", "permissionSets": ["central_read_only"]}
    role = await visitor.ask("POST", ROLES, body=body, expect=201)
    assert (role["type"], role["principalType"]) == ("custom", "user")
    await visitor.ask("POST", ROLES, body={**body, "name": "NIGHT shift"}, expect=409)
    await visitor.ask("POST", ROLES, body={"name": "X", "permissionSets": ["all"]}, expect=400)
    path = f"{ROLES}/{role['id']}"
    assert (await visitor.ask("PATCH", path, body={"name": "Day shift"}))["name"] == "Day shift"
    await visitor.ask("PATCH", path, body={"name": "Super Admin"}, expect=409)
    admin = await admin_with(visitor, "Endpoint Admin")
    assigned = await visitor.ask("POST", f"{ADMINS}/{admin['id']}/role-assignments", body={"roleId": role["id"]}, expect=201)
    await visitor.ask("DELETE", path, expect=409)
    await visitor.ask("DELETE", f"{ADMINS}/{admin['id']}/role-assignments/{assigned['id']}")
    assert await visitor.ask("DELETE", path) == {"deleted": True}
    await visitor.ask("GET", path, expect=404)
    for method, given in (("PATCH", {"name": "Y"}), ("DELETE", None)):
        await visitor.ask(method, f"{ROLES}/{(await role_named(visitor, 'Admin'))['id']}", body=given, expect=409)
    await visitor.switch(read_only=True)
    await visitor.ask("POST", ROLES, body=body, expect=403)


async def test_a_partner_has_admins_and_roles_of_its_own(http: httpx.AsyncClient) -> None:
    """Under another path and with another header."""
    made = await control(http, "POST", "/parents", {"kind": "partner"})
    form = {name: made[name] for name in ("client_id", "client_secret")}
    signed = await http.post(TOKEN, data={"grant_type": "client_credentials", "scope": "token", **form})
    bearer = {"Authorization": f"Bearer {signed.json()['access_token']}"}
    headers = {**bearer, "X-Partner-ID": made["id"]}
    refusal(await http.get("/partner/v1/admins", headers=bearer), 401)
    admins = (await http.get("/partner/v1/admins", headers=headers)).json()
    roles = (await http.get("/partner/v1/roles", headers=headers)).json()
    assert (len(admins["items"]), admins["pages"]["maxSize"], roles.keys()) == (3, 100, {"items"})
    assert {one["roleAssignments"][0]["roleId"] for one in admins["items"]} <= {role["id"] for role in roles["items"]}
    one = admins["items"][2]["id"]
    assert (await http.delete(f"/partner/v1/admins/{one}", headers=headers)).json() == {"deleted": True}
    refusal(await http.get(f"/partner/v1/admins/{one}", headers=headers), 404)
    again = {"userId": admins["items"][2]["users"][0]["id"], "roleAssignments": [{"roleId": roles["items"][0]["id"]}]}
    added = await http.post("/partner/v1/admins", headers=headers, json=again)
    assert (added.status_code, added.json()["users"]) == (201, admins["items"][2]["users"])
    refusal(await http.post("/partner/v1/admins", headers=headers, json=again), 409)
    refusal(await http.post("/partner/v1/admins", headers=headers, json={**again, "userId": NOBODY}), 404)
