"""Groups are made, edited and emptied, and users put in and out from either side."""

from tests.contract.simulator.visitor import GROUPS, NOBODY, USERS, Json, Visitor


async def synced(visitor: Visitor) -> Json:
    """Return a group from Active Directory."""
    return next(group for group in (await visitor.ask("GET", GROUPS))["items"] if group["source"]["type"] == "activeDirectory")


async def test_a_group_is_made_edited_and_deleted(visitor: Visitor) -> None:
    """Names are unique whatever the case of their letters."""
    made = await visitor.ask("POST", GROUPS, body={"name": "Night shift", "description": "d"}, expect=201)
    path = f"{GROUPS}/{made['id']}"
    assert (made["name"], made["description"], made["source"], made["users"]["total"]) == ("Night shift", "d", {"type": "custom"}, 0)
    assert await visitor.ask("GET", path) == made
    await visitor.ask("POST", GROUPS, body={"name": "NIGHT shift"}, expect=409)
    changed = await visitor.ask("PATCH", path, body={"name": "Day shift"})
    assert (changed["name"], changed["description"], changed["updatedAt"] > made["updatedAt"]) == ("Day shift", "d", True)
    await visitor.ask("PATCH", path, body={"name": "sales"}, expect=409)
    await visitor.ask("PATCH", path, body={"name": ""}, expect=400)
    assert await visitor.ask("DELETE", path) == {"deleted": True}
    for method, body in (("GET", None), ("PATCH", {"name": "X"}), ("DELETE", None)):
        await visitor.ask(method, path, body=body, expect=404)
    await visitor.ask("POST", GROUPS, body={}, expect=400)


async def test_a_new_name_shows_in_every_member(visitor: Visitor) -> None:
    """A user's groups are told by name too."""
    group = max((await visitor.ask("GET", GROUPS, sourceType="custom"))["items"], key=lambda one: int(one["users"]["total"]))
    await visitor.ask("PATCH", f"{GROUPS}/{group['id']}", body={"name": "Renamed"})
    for user in await visitor.users(groupId=group["id"]):
        assert "Renamed" in [one["name"] for one in user["groups"]["items"]]


async def test_users_are_put_in_and_taken_out_of_a_group(visitor: Visitor) -> None:
    """All or none going in; going out, those who were not in it are named."""
    one, two, three = (user["id"] for user in (await visitor.users())[:3])
    made = await visitor.ask("POST", GROUPS, body={"name": "Some", "userIds": [one]}, expect=201)
    path = f"{GROUPS}/{made['id']}"
    assert (made["users"]["total"], made["users"]["items"][0]["id"]) == (1, one)
    await visitor.ask("POST", f"{path}/users", body={"ids": [two, NOBODY]}, expect=404)
    added = await visitor.ask("POST", f"{path}/users", body={"ids": [one, two]}, expect=201)
    assert [user["id"] for user in added["addedUsers"]] == [one, two]
    assert {user["id"] for user in (await visitor.ask("GET", f"{path}/users"))["items"]} == {one, two}
    await visitor.ask("DELETE", path, expect=409)
    answered = await visitor.ask("DELETE", f"{path}/users", ids=f"{one},{three}")
    assert answered == {"removedUsers": [{"id": one}], "errors": {"usersNotFound": [{"id": three}]}}
    assert await visitor.ask("DELETE", f"{path}/users/{two}") == {"removed": True}
    assert await visitor.ask("DELETE", f"{path}/users/{two}") == {"removed": False}
    await visitor.ask("DELETE", f"{path}/users/{NOBODY}", expect=404)
    await visitor.ask("DELETE", f"{path}/users", expect=400)
    assert await visitor.ask("DELETE", path) == {"deleted": True}


async def test_a_user_is_put_into_groups_and_taken_out(visitor: Visitor) -> None:
    """The same from the other side."""
    user = await visitor.ask("POST", USERS, body={"name": "Ann Lee"}, expect=201)
    path = f"{USERS}/{user['id']}/groups"
    first, second, *_ = (await visitor.ask("GET", GROUPS, sourceType="custom"))["items"]
    await visitor.ask("POST", path, body={"ids": [first["id"], NOBODY]}, expect=404)
    added = await visitor.ask("POST", path, body={"ids": [first["id"], second["id"]]}, expect=201)
    assert [group["id"] for group in added["addedToGroups"]] == [first["id"], second["id"]]
    assert user["id"] in [one["id"] for one in await visitor.users(groupId=first["id"], pageSize=100)]
    answered = await visitor.ask("DELETE", path, ids=f"{first['id']},{NOBODY}")
    assert answered == {"removedFromGroups": [{"id": first["id"]}], "errors": {"groupsNotFound": [{"id": NOBODY}]}}
    assert await visitor.ask("DELETE", f"{path}/{second['id']}") == {"removed": True}
    assert (await visitor.ask("GET", path))["items"] == []
    await visitor.ask("POST", f"{USERS}/{NOBODY}/groups", body={"ids": [first["id"]]}, expect=404)


async def test_synced_groups_are_changed_where_they_come_from(visitor: Visitor) -> None:
    """409, whatever is tried."""
    group, user = await synced(visitor), await visitor.one()
    path, one = f"{GROUPS}/{group['id']}", user["id"]
    for method, where, body in (
        ("PATCH", path, {"name": "X"}),
        ("DELETE", path, None),
        ("POST", f"{path}/users", {"ids": [one]}),
        ("DELETE", f"{path}/users?ids={one}", None),
        ("DELETE", f"{path}/users/{one}", None),
        ("POST", f"{USERS}/{one}/groups", {"ids": [group["id"]]}),
        ("DELETE", f"{USERS}/{one}/groups/{group['id']}", None),
    ):
        answer = await visitor.http.request(method, where, json=body, headers=visitor.headers)
        assert answer.status_code == 409, (method, where, answer.text)
    await visitor.ask("DELETE", f"{USERS}/{one}/groups", ids=group["id"], expect=409)


async def test_groups_need_the_right_to_write(visitor: Visitor) -> None:
    """A read-only credential reads."""
    await visitor.switch(read_only=True)
    await visitor.ask("POST", GROUPS, body={"name": "X"}, expect=403)
    assert (await visitor.ask("GET", GROUPS))["items"]
