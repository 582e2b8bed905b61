"""Roles of SaaS users: a set for each, of roles that an instance has once, with the ids that the SaaS gives them."""

from typing import Any

from tests.support.guard import requested
from tests.support.mapper import Mapper, source_user


async def hired(mapper: Mapper, people: int = 1) -> list[str]:
    """Let people have SaaS users; return the ids of these."""
    await mapper.observe([source_user(number) for number in range(1, people + 1)])
    return [user["id"] for user in await mapper.saas_users(sort="email")]


async def roles(mapper: Mapper) -> list[dict[str, Any]]:
    """Return the roles of the instance."""
    return list((await mapper.call("GET", f"/saas-instances/{mapper.saas_instance_id}/roles"))["items"])


async def test_the_order_of_roles_is_no_change(mapper: Mapper) -> None:
    """A source that lists them in another order each time would otherwise start workflows every night."""
    (user,) = await hired(mapper)
    assert await requested(mapper, "set_roles", [user], roles=["User", "Help Desk", "user"]) == ["applied"]
    shown = await mapper.call("GET", f"/saas-users/{user}")
    assert shown["fields"]["roles"] == ["Help Desk", "User"]
    assert await requested(mapper, "set_roles", [user], roles=["Help Desk", "User"]) == ["unchanged"]
    assert await requested(mapper, "set_roles", [user], roles=["User", "Help Desk"]) == ["unchanged"]
    changed = await mapper.call("PATCH", f"/saas-users/{user}", json={"fields": {"roles": ["User", "Help Desk"]}})
    assert changed["revision"] == shown["revision"], "nor by hand"


async def test_roles_come_with_the_ids_of_the_saas(mapper: Mapper) -> None:
    """A role may be renamed; a rule on its id still finds who has it."""
    first, other = await hired(mapper, 2)
    await requested(mapper, "set_roles", [first], roles=["User", "Help Desk"], role_ids={"Help Desk": "r-2"})
    await requested(mapper, "set_roles", [other], roles=["User"])
    shown = await mapper.call("GET", f"/saas-users/{first}")
    assert shown["fields"]["role_ids"] == ["r-2"]
    assert shown["roles"] == [{"external_id": "r-2", "label": "Help Desk"}, {"external_id": None, "label": "User"}]
    assert await roles(mapper) == [
        {"external_id": "r-2", "label": "Help Desk", "users": 1},
        {"external_id": None, "label": "User", "users": 2},
    ]
    rule = '{"field": "role_ids", "operator": "contains", "value": "r-2"}'
    assert [user["id"] for user in await mapper.saas_users(filter=rule)] == [first]
    await requested(mapper, "set_roles", [first], roles=["User", "Service Desk"], role_ids={"Service Desk": "r-2"})
    shown = await mapper.call("GET", f"/saas-users/{first}")
    assert (shown["fields"]["roles"], shown["fields"]["role_ids"]) == (["Service Desk", "User"], ["r-2"])
    assert [role["label"] for role in await roles(mapper)] == ["Service Desk", "User"], "the same role, by another name"


async def test_the_ids_follow_what_a_hand_makes_of_the_roles(mapper: Mapper) -> None:
    """Whoever takes a role away by its name must not leave its id behind for a rule to find."""
    first, other = await hired(mapper, 2)
    await requested(mapper, "set_roles", [first], roles=["User", "Help Desk"], role_ids={"Help Desk": "r-2"})
    await mapper.call("PATCH", f"/saas-users/{other}", json={"add": {"roles": ["help desk", "Auditor"]}})
    shown = await mapper.call("GET", f"/saas-users/{other}")
    assert (shown["fields"]["roles"], shown["fields"]["role_ids"]) == (["Auditor", "help desk"], ["r-2"])
    await mapper.call("PATCH", f"/saas-users/{first}", json={"remove": {"roles": ["HELP DESK"]}})
    shown = await mapper.call("GET", f"/saas-users/{first}")
    assert (shown["fields"]["roles"], shown["fields"]["role_ids"]) == (["User"], [])
    assert {role["label"]: role["users"] for role in await roles(mapper)} == {"Auditor": 1, "Help Desk": 1, "User": 1}


async def test_a_role_that_was_known_by_its_name_alone_becomes_the_one_with_an_id(mapper: Mapper) -> None:
    """Otherwise an instance would list every role twice after the first retrieval that names ids."""
    (user,) = await hired(mapper)
    await mapper.call("PATCH", f"/saas-users/{user}", json={"fields": {"roles": ["Help Desk"]}})
    assert [role["external_id"] for role in await roles(mapper)] == [None]
    await requested(mapper, "set_roles", [user], roles=["Help Desk"], role_ids={"Help Desk": "r-2"})
    assert await roles(mapper) == [{"external_id": "r-2", "label": "Help Desk", "users": 1}]
    assert (await mapper.call("GET", f"/saas-users/{user}"))["fields"]["role_ids"] == ["r-2"], "although the role has the name that it had"
