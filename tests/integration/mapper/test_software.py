"""The software catalogue: applications with one or several SaaS instances, counted, renamed, and kept as long as somebody needs them."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
from pydantic import SecretStr
from sqlalchemy import text

from mapper.tables import SCHEMA
from shared.clock import now
from shared.db.engine import engine_for
from shared.db.migrate import check, downgrade, upgrade
from shared.ids import new_id
from tests.support.mapper import Mapper, source_user


async def made(mapper: Mapper, **given: Any) -> dict[str, Any]:
    """Find or make a SaaS instance."""
    answer: dict[str, Any] = await mapper.call("POST", "/saas-instances", json=given)
    return answer


async def refused(mapper: Mapper, method: str, path: str, **more: Any) -> dict[str, Any]:
    """Return the problem with which a call is refused."""
    response: httpx.Response = await mapper.answer(method, path, **more)
    assert response.status_code in {404, 409, 422}, response.text
    problem: dict[str, Any] = response.json()
    return problem


async def test_an_application_has_one_instance_until_somebody_names_another(mapper: Mapper) -> None:
    """Most applications are there once; a vendor per region is several, and then somebody must choose."""
    one = await made(mapper, application="Jira")
    assert (one["application"], one["name"], one["users"]) == ("Jira", "Jira", 0)
    assert await made(mapper, application="  JIRA ") == one
    emea = await made(mapper, application="jira", name="Jira EMEA")
    assert emea == await made(mapper, application="Jira", name="jira emea")
    assert (emea["application_id"], emea["id"] != one["id"]) == (one["application_id"], True)
    several = await refused(mapper, "POST", "/saas-instances", json={"application": "Jira"})
    assert (several["code"], "Jira, Jira EMEA" in several["detail"]) == ("several_saas_instances", True)
    elsewhere = await refused(mapper, "POST", "/saas-instances", json={"application": "Slack", "name": "Jira EMEA"})
    assert elsewhere["code"] == "name_taken"
    await made(mapper, application="Slack")
    page = await mapper.call("GET", "/saas-instances", params={"application_id": one["application_id"]})
    assert [instance["name"] for instance in page["items"]] == ["Jira", "Jira EMEA"]
    assert (await mapper.call("GET", f"/saas-instances/{emea['id']}")) == emea


async def test_the_catalogue_counts_instances_and_users_and_is_paged_by_name(mapper: Mapper) -> None:
    """What an application is worth is how many use it."""
    instance = await mapper.call("GET", f"/saas-instances/{mapper.saas_instance_id}")
    await mapper.observe([source_user(number) for number in range(7)])
    assert (await mapper.call("GET", f"/saas-instances/{mapper.saas_instance_id}"))["users"] == 7
    await made(mapper, application=instance["application"], name="Sophos of the branch")
    details = {"category": "Tickets", "publisher": "Atlassian", "url": "https://example.com/jira"}
    added = await mapper.call("POST", "/applications", json={"name": "Jira", **details})
    assert {key: added[key] for key in details} == details
    for name in ("Ångström", "Zoom", "asana"):
        await mapper.call("POST", "/applications", json={"name": name})
    names, cursor = [], None
    while True:
        page = await mapper.call("GET", "/applications", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        names += [(one["name"], one["instances"], one["users"]) for one in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert sorted(names) == sorted([(instance["application"], 2, 7), ("Jira", 0, 0), ("asana", 0, 0), ("Zoom", 0, 0), ("Ångström", 0, 0)])
    assert [name for name, *_ in names][:2] == ["asana", "Jira"], "whatever their case"


async def test_a_renamed_application_is_still_found_by_the_name_that_it_had(mapper: Mapper) -> None:
    """A provider knows its application by the name that it came with: a second entry would split its users."""
    instance = await made(mapper, application="Jira")
    path = f"/applications/{instance['application_id']}"
    renamed = await mapper.call("PATCH", path, json={"name": "Jira Cloud", "publisher": "Atlassian"})
    assert (renamed["name"], renamed["also_known_as"], renamed["publisher"]) == ("Jira Cloud", ["Jira"], "Atlassian")
    assert (await made(mapper, application="Jira"))["id"] == instance["id"]
    assert (await made(mapper, application="Jira Cloud"))["application"] == "Jira Cloud"
    assert (await refused(mapper, "POST", "/applications", json={"name": "jira"}))["code"] == "name_taken"
    other = await mapper.call("POST", "/applications", json={"name": "Slack"})
    assert (await refused(mapper, "PATCH", f"/applications/{other['id']}", json={"name": "JIRA"}))["code"] == "name_taken"
    back = await mapper.call("PATCH", path, json={"name": "Jira", "publisher": None})
    assert (back["also_known_as"], back["publisher"]) == (["Jira Cloud"], None)
    for body in ({"name": None}, {"name": ""}, {"url": "javascript:alert(1)"}, {"size": 3}):
        assert (await mapper.answer("PATCH", path, json=body)).status_code == 422, body
    assert (await refused(mapper, "PATCH", f"/applications/{uuid4()}", json={"name": "X"}))["code"] == "application_not_found"


async def test_what_is_used_is_not_removed(mapper: Mapper) -> None:
    """Users without software, and software without a name in the catalogue, would be nobody's."""
    await mapper.observe([source_user(1)])
    used = await mapper.call("GET", f"/saas-instances/{mapper.saas_instance_id}")
    path = f"/saas-instances/{mapper.saas_instance_id}"
    assert (await refused(mapper, "DELETE", path))["code"] == "saas_instance_in_use"
    assert (await refused(mapper, "PATCH", path, json={"name": "Another"}))["code"] == "saas_instance_in_use"
    in_use = await refused(mapper, "DELETE", f"/applications/{used['application_id']}")
    assert (in_use["code"], in_use["used_by"]) == ("application_in_use", [used["name"]])
    empty = await made(mapper, application=used["application"], name="A second one")
    suite = await mapper.call("POST", "/applications", json={"name": "Suite"})
    moved = await mapper.call("PATCH", f"/saas-instances/{empty['id']}", json={"name": "Suite EMEA", "application_id": suite["id"]})
    assert (moved["name"], moved["application"]) == ("Suite EMEA", "Suite")
    assert (await refused(mapper, "PATCH", f"/saas-instances/{empty['id']}", json={"name": used["name"]}))["code"] == "name_taken"
    nowhere = await refused(mapper, "PATCH", f"/saas-instances/{empty['id']}", json={"application_id": str(uuid4())})
    assert nowhere["code"] == "application_not_found"
    await mapper.call("DELETE", f"/saas-instances/{empty['id']}")
    await mapper.call("DELETE", f"/applications/{suite['id']}")
    assert (await refused(mapper, "GET", f"/applications/{suite['id']}"))["code"] == "application_not_found"
    assert (await refused(mapper, "DELETE", f"/saas-instances/{empty['id']}"))["code"] == "saas_instance_not_found"
    assert (await mapper.call("POST", "/applications", json={"name": "Suite"}))["id"] != suite["id"]


async def test_many_who_ask_at_once_make_one_application_and_one_instance(mapper: Mapper) -> None:
    """Two integrations of one application may be saved in the same moment."""
    answers = await asyncio.gather(*(made(mapper, application="Figma") for _ in range(8)))
    assert len({(one["id"], one["application_id"]) for one in answers}) == 1


async def test_instances_of_before_become_entries_of_the_catalogue(database_url: SecretStr) -> None:
    """An upgrade brings every application into the catalogue once, whatever its case, and can be taken back."""
    await upgrade(database_url, SCHEMA, "0016")
    engine = engine_for(database_url, SCHEMA.name)
    add = text("INSERT INTO saas_instances (id, application, name, name_key, created_at) VALUES (:id, :application, :name, :key, :at)")
    try:
        postgres = engine.dialect.name == "postgresql"
        async with engine.begin() as connection:
            for application, name in (("Jira", "jira"), ("JIRA", "jira emea"), ("Slack", "slack")):
                its = {"id": new_id(), "at": now()} if postgres else {"id": new_id().hex, "at": "2026-01-01 00:00:00.000000"}
                await connection.execute(add, {**its, "application": application, "name": name, "key": name})
        await upgrade(database_url, SCHEMA)
        await check(database_url, SCHEMA)
        joined = "SELECT a.name, i.name FROM saas_instances i JOIN applications a ON a.id = i.application_id ORDER BY i.name"
        async with engine.connect() as connection:
            assert [tuple(row) for row in await connection.execute(text(joined))] == [
                ("Jira", "jira"),
                ("Jira", "jira emea"),
                ("Slack", "slack"),
            ]
        await downgrade(database_url, SCHEMA, "0016")
        async with engine.connect() as connection:
            rows = await connection.execute(text("SELECT application FROM saas_instances ORDER BY name"))
            assert list(rows.scalars()) == ["Jira", "Jira", "Slack"]
    finally:
        await engine.dispose()
