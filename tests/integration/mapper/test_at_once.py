"""Several callers at the same moment: one wins, the others are told so, and nothing breaks."""

import asyncio
from typing import Any

from tests.support.mapper import MAPPING, Mapper, source_user


async def test_one_of_several_equal_fields_is_added(mapper: Mapper) -> None:
    """A double click is a conflict, not a crash."""
    answers = await asyncio.gather(*(mapper.answer("POST", "/fields", json={"label": "Double"}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_versions_of_a_mapping_never_overwrite_each_other(mapper: Mapper) -> None:
    """Whoever comes second is asked to look again, or becomes the next version."""
    path = f"/integrations/{mapper.integration_id}/mapping"
    roles: list[dict[str, Any]] = [{"kind": "constant", "value": f"Role {number}"} for number in range(4)]
    mappings = [{**MAPPING, "targets": {**MAPPING["targets"], "role": role}} for role in roles]  # type: ignore[dict-item]
    answers = await asyncio.gather(*(mapper.answer("PUT", path, json=mapping) for mapping in mappings))
    stored = [answer.json()["version"] for answer in answers if answer.status_code == 200]
    assert len(stored) == len(set(stored)) >= 1
    assert {answer.status_code for answer in answers} <= {200, 409}


async def test_one_of_several_people_gets_an_address(mapper: Mapper) -> None:
    """The database decides, not the look before the write."""
    await mapper.observe([source_user(number) for number in range(4)])
    people = await mapper.people()
    change = {"fields": {"email": "wanted@example.com"}}
    answers = await asyncio.gather(*(mapper.answer("PATCH", f"/people/{person['id']}", json=change) for person in people))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert all(answer.json()["code"] == "value_taken" for answer in answers if answer.status_code == 409)
    assert [person["fields"]["email"] for person in await mapper.people()].count("wanted@example.com") == 1


async def test_of_several_hands_that_saw_the_same_one_changes_it(mapper: Mapper) -> None:
    """Whoever comes second would undo, without having seen it, what the first one did."""
    await mapper.observe([source_user(1)])
    (person,) = await mapper.people()
    path = f"/people/{person['id']}"
    changes = [{"fields": {"role": f"Role {number}"}, "revision": person["revision"]} for number in range(4)]
    answers = await asyncio.gather(*(mapper.answer("PATCH", path, json=change) for change in changes))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["code"], refused["fields"]) == ("record_changed", [{"field": "revision", "message": "is not 2, the newest"}])
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    assert (await mapper.call("GET", path))["fields"]["role"] == won["fields"]["role"]
    await mapper.call("PATCH", path, json={"fields": {"role": "Boss"}, "revision": won["revision"]})
    (user,) = await mapper.saas_users()
    stale = {"fields": {"roles": ["a"]}, "revision": 7}
    assert (await mapper.answer("PATCH", f"/saas-users/{user['id']}", json=stale)).json()["code"] == "record_changed"
