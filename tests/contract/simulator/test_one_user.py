"""One user: read, create, change, delete."""

from typing import Any

import httpx
import pytest

from tests.contract.simulator.visitor import ENDPOINTS, GROUPS, NOBODY, USERS, Visitor, refusal, visiting

SYNCED = ["activeDirectory", "azureActiveDirectory"]


async def test_a_user_is_read_by_id(visitor: Visitor) -> None:
    """As the list shows them; ids come in any case."""
    user = await visitor.one()
    assert await visitor.ask("GET", f"{USERS}/{user['id']}") == user
    assert await visitor.ask("GET", f"{USERS}/{user['id'].upper()}") == user
    refusal(await visitor.http.get(f"{USERS}/{NOBODY}", headers=visitor.headers), 404)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_id_that_is_no_uuid_is_refused(visitor: Visitor, method: str) -> None:
    """400 is likely; 404 is the switch."""
    refusal(await visitor.http.request(method, f"{USERS}/somebody", headers=visitor.headers), 400)
    await visitor.switch(malformed="ignore")
    refusal(await visitor.http.request(method, f"{USERS}/somebody", headers=visitor.headers), 404)


async def test_a_deleted_user_is_gone(visitor: Visitor) -> None:
    """By id, and from the list, whose later pages move up."""
    before = await visitor.everybody()
    first = next(user for user in before if user["source"]["type"] == "custom")
    assert await visitor.ask("DELETE", f"{USERS}/{first['id']}") == {"deleted": True}
    refusal(await visitor.http.get(f"{USERS}/{first['id']}", headers=visitor.headers), 404)
    assert await visitor.everybody() == [user for user in before if user["id"] != first["id"]]
    second_page = await visitor.users(sort="id:asc", page=2)
    assert second_page[0]["id"] == before[51]["id"], "one who was on page 2 is now on page 1: page drift"


@pytest.mark.parametrize("said", [True, False])
async def test_deleting_nobody_answers_200(visitor: Visitor, *, said: bool) -> None:
    """Not 404; what `deleted` says then is not known. So a deletion is believed only after a look."""
    await visitor.switch(deleted_unknown_answers=said)
    user = await visitor.one()
    await visitor.ask("DELETE", f"{USERS}/{user['id']}")
    assert await visitor.ask("DELETE", f"{USERS}/{user['id']}") == {"deleted": said}
    assert await visitor.ask("DELETE", f"{USERS}/{NOBODY}") == {"deleted": said}


@pytest.mark.parametrize("source", SYNCED)
@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
async def test_a_synced_user_can_be_neither_deleted_nor_changed(visitor: Visitor, method: str, source: str) -> None:
    """They are to be removed at their source."""
    user = await visitor.one(source)
    refusal(await visitor.http.request(method, f"{USERS}/{user['id']}", headers=visitor.headers, json={"name": "X"}), 409)
    assert await visitor.ask("GET", f"{USERS}/{user['id']}") == user


async def test_whether_entra_users_conflict_is_a_switch(visitor: Visitor) -> None:
    """The description speaks of Active Directory only."""
    await visitor.switch(azure_delete_conflicts=False)
    azure, on_site = await visitor.one("azureActiveDirectory"), await visitor.one("activeDirectory")
    assert await visitor.ask("DELETE", f"{USERS}/{azure['id']}") == {"deleted": True}
    refusal(await visitor.http.delete(f"{USERS}/{on_site['id']}", headers=visitor.headers), 409)


async def test_a_created_user_is_custom(visitor: Visitor) -> None:
    """201, with an id, and in the list."""
    group = next(group for group in (await visitor.ask("GET", GROUPS))["items"] if group["source"]["type"] == "custom")
    given = {"name": "Ann Lee", "firstName": "Ann", "lastName": "Lee", "email": "ann.lee@example.com", "exchangeLogin": "ann"}
    made = await visitor.ask("POST", USERS, body={**given, "groupIds": [group["id"]], "role": "ignored"}, expect=201)
    assert made["source"] == {"type": "custom"}
    assert made["groups"]["items"] == [{name: group[name] for name in ("id", "name", "displayName")}]
    assert given.items() <= made.items()
    assert "role" not in made
    assert await visitor.ask("GET", f"{USERS}/{made['id']}") == made


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "X", "groupIds": [NOBODY]}, 404),
        ({"name": "X", "groupIds": "text"}, 400),
        ({"name": "X", "email": 5}, 400),
        ({"email": "nameless@example.com"}, 400),
    ],
)
async def test_a_user_that_cannot_be_created_is_refused(visitor: Visitor, body: dict[str, Any], status: int) -> None:
    """And nobody is added."""
    refusal(await visitor.http.post(USERS, json=body, headers=visitor.headers), status)
    assert len(await visitor.everybody()) == 120


async def test_an_email_in_use_and_a_synced_group_conflict(visitor: Visitor) -> None:
    """E-mails are unique however they are spelt; membership of synced groups comes from their source."""
    taken = await visitor.one("activeDirectory")
    refusal(await visitor.http.post(USERS, json={"name": "X", "email": taken["email"].upper()}, headers=visitor.headers), 409)
    synced = next(group for group in (await visitor.ask("GET", GROUPS))["items"] if group["source"]["type"] != "custom")
    refusal(await visitor.http.post(USERS, json={"name": "X", "groupIds": [synced["id"]]}, headers=visitor.headers), 409)


async def test_an_email_is_free_again_when_its_owner_is_gone(visitor: Visitor) -> None:
    """As with anybody who is hired again."""
    user = await visitor.one()
    await visitor.ask("DELETE", f"{USERS}/{user['id']}")
    await visitor.ask("POST", USERS, body={"name": "X", "email": user["email"]}, expect=201)


async def test_a_change_is_seen_and_dated(visitor: Visitor) -> None:
    """Only what is given changes; an e-mail can be taken away."""
    one, two = await visitor.users(sourceType="custom", pageSize=2, sort="id:desc")
    path = f"{USERS}/{one['id']}"
    changed = await visitor.ask("PATCH", path, body={"lastName": "Nový"})
    assert changed == {**one, "lastName": "Nový", "updatedAt": changed["updatedAt"]}
    assert changed["updatedAt"] > one["updatedAt"]
    assert await visitor.ask("GET", path) == changed
    refusal(await visitor.http.patch(path, json={"email": two["email"]}, headers=visitor.headers), 409)
    await visitor.ask("PATCH", path, body={"email": one["email"].upper()})
    assert "email" not in await visitor.ask("PATCH", path, body={"email": ""})
    refusal(await visitor.http.patch(path, json={"name": ""}, headers=visitor.headers), 400)


@pytest.mark.parametrize("email", ["", None])
async def test_the_email_that_an_admin_signs_in_with_stays(visitor: Visitor, email: str | None) -> None:
    """Another one may take its place; who is no admin can do without."""
    for admin in (await visitor.ask("GET", "/common/v1/admins"))["items"]:
        user = await visitor.ask("GET", f"{USERS}/{admin['users'][0]['id']}")
        if user["source"]["type"] == "custom":
            break
    else:
        raise AssertionError("no admin is a custom user")
    path = f"{USERS}/{user['id']}"
    refusal(await visitor.http.patch(path, json={"email": email}, headers=visitor.headers), 409)
    assert await visitor.ask("GET", path) == user
    await visitor.ask("PATCH", path, body={"email": "other@example.com"})
    await visitor.ask("POST", USERS, body={"name": "X", "email": "x@example.com"}, expect=201)
    (other,) = await visitor.users(search="x@example.com", searchFields="email")
    assert "email" not in await visitor.ask("PATCH", f"{USERS}/{other['id']}", body={"email": email})


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/{id}"), ("PATCH", "/{id}"), ("POST", "")])
async def test_a_read_only_credential_may_not_write(visitor: Visitor, method: str, path: str) -> None:
    """It lists users all the same."""
    user = await visitor.one()
    await visitor.switch(read_only=True)
    refusal(await visitor.http.request(method, USERS + path.format(id=user["id"]), json={"name": "X"}, headers=visitor.headers), 403)
    assert await visitor.ask("GET", f"{USERS}/{user['id']}") == user


async def test_a_deleted_user_may_be_readable_for_a_while(visitor: Visitor) -> None:
    """Reads may lag behind a deletion; nobody says that they do not."""
    user = await visitor.one()
    await visitor.switch(deleted_readable_for=30)
    await visitor.ask("DELETE", f"{USERS}/{user['id']}")
    assert await visitor.ask("GET", f"{USERS}/{user['id']}") == user
    refusal(await visitor.http.patch(f"{USERS}/{user['id']}", json={"name": "X"}, headers=visitor.headers), 404)
    await visitor.switch(deleted_readable_for=0)
    refusal(await visitor.http.get(f"{USERS}/{user['id']}", headers=visitor.headers), 404)


async def test_a_deleted_user_may_be_there_again_with_a_new_id(visitor: Visitor) -> None:
    """The login signs in on a managed device: the product makes the user anew."""
    user = await visitor.one()
    await visitor.switch(reappear=True)
    assert await visitor.ask("DELETE", f"{USERS}/{user['id']}") == {"deleted": True}
    refusal(await visitor.http.get(f"{USERS}/{user['id']}", headers=visitor.headers), 404)
    (again,) = await visitor.users(search=user["email"], searchFields="email")
    assert again["id"] != user["id"]
    assert again["name"] == user["name"]


@pytest.mark.parametrize(("how", "source"), [("sign_in", "custom"), ("sync", "activeDirectory")])
async def test_somebody_who_left_can_be_let_back(visitor: Visitor, how: str, source: str) -> None:
    """By a sign-in as a custom user, or by a directory sync as they were."""
    user = await visitor.one("activeDirectory")
    await visitor.control("POST", "/changes", {"leave_ids": [user["id"]]})
    back = await visitor.control("POST", f"/users/{user['id']}/return", {"how": how}, expect=201)
    assert back["was"] == user["id"] != back["id"]
    assert (await visitor.ask("GET", f"{USERS}/{back['id']}"))["source"]["type"] == source
    await visitor.control("POST", f"/users/{NOBODY}/return", {}, expect=404)


@pytest.mark.parametrize("traces", [False, True])
async def test_whether_others_go_on_naming_somebody_deleted_is_a_switch(http: httpx.AsyncClient, *, traces: bool) -> None:
    """Groups, admins and devices; an emptied group can be deleted all the same."""
    visitor = await visiting(http, users=40, endpoints=40)
    await visitor.switch(deleted_leave_traces=traces, azure_delete_conflicts=False)
    user = await visitor.one()
    group = await visitor.ask("POST", GROUPS, body={"name": "Leavers", "userIds": [user["id"]]}, expect=201)
    role = (await visitor.ask("GET", "/common/v1/roles"))["items"][0]["id"]
    mine = [one for one in (await visitor.ask("GET", "/common/v1/admins"))["items"] if user["id"] in [his["id"] for his in one["users"]]]
    if not mine:
        mine = [
            await visitor.ask("POST", "/common/v1/admins", body={"userId": user["id"], "roleAssignments": [{"roleId": role}]}, expect=201)
        ]
    device = next(one for one in (await visitor.ask("GET", ENDPOINTS))["items"] if one["associatedPerson"]["id"] == user["id"])
    await visitor.ask("DELETE", f"{USERS}/{user['id']}")

    members = (await visitor.ask("GET", f"{GROUPS}/{group['id']}"))["users"]
    assert [one["id"] for one in members["items"]] == ([user["id"]] if traces else [])
    assert members["total"] == int(traces)
    admin = await visitor.ask("GET", f"/common/v1/admins/{mine[0]['id']}")
    assert (user["id"] in [one["id"] for one in admin["users"]]) is traces
    person = (await visitor.ask("GET", f"{ENDPOINTS}/{device['id']}"))["associatedPerson"]
    assert (person.get("id") == user["id"]) is traces
    assert person["viaLogin"] == device["associatedPerson"]["viaLogin"]
    assert (await visitor.ask("GET", f"{GROUPS}/{group['id']}/users"))["items"] == []
    assert await visitor.ask("DELETE", f"{GROUPS}/{group['id']}") == {"deleted": True}
