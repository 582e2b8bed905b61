"""Bulk edits: looked at, then made as they were looked at, or not at all."""

import asyncio
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from tests.support.mapper import Mapper, running_mapper, source_user

EVERYBODY = 12


async def previewed(mapper: Mapper, change: dict[str, Any], *, object_type: str = "person", **more: Any) -> dict[str, Any]:
    """Preview a bulk edit."""
    answer: dict[str, Any] = await mapper.call("POST", "/bulk-edits", json={"object_type": object_type, "change": change, **more})
    return answer


def begins(value: str) -> dict[str, Any]:
    """Return a rule for e-mail addresses."""
    return {"field": "email", "operator": "begins_with", "value": value}


async def test_a_preview_shows_what_would_change_and_changes_nothing(mapper: Mapper) -> None:
    """Whoever is about to change hundreds of people must see whom, and what of them, before."""
    await mapper.observe([source_user(number) for number in range(EVERYBODY)])
    told = len(mapper.told)
    edit = await previewed(mapper, {"fields": {"role": "Leaver"}}, rule=begins("zoe.1"))
    assert (edit["state"], edit["matched"], edit["changing"], edit["losses"]) == ("previewed", 3, 3, 0)
    assert {tuple(example["changes"]["role"]) for example in edit["examples"]} == {("Employee", "Leaver")}
    await mapper.drain()
    assert len(mapper.told) == told
    assert {person["fields"]["role"] for person in await mapper.people()} == {"Employee"}


async def test_an_applied_edit_is_a_revision_of_each_record_with_its_cause(mapper: Mapper) -> None:
    """Years later somebody asks who made forty people leavers; and the same call again makes no second change."""
    await mapper.observe([source_user(number) for number in range(EVERYBODY)])
    edit = await previewed(mapper, {"fields": {"role": "Leaver"}, "add": {"tags": ["Offboarding 2026"]}}, rule=begins("zoe.1"))
    for _ in range(2):
        applied = await mapper.call("POST", f"/bulk-edits/{edit['id']}/apply")
        assert (applied["state"], applied["changed"], applied["withheld"], applied["applied_by"]) == ("applied", 3, 0, "admin")
    await mapper.drain()
    changed = mapper.last("records.changed.v1")
    assert {change.revision for change in changed.changes} == {2}
    people = await mapper.people(filter='{"field": "tags", "operator": "equals", "value": "offboarding 2026"}')
    assert {person["fields"]["role"] for person in people} == {"Leaver"}
    entry = (await mapper.timeline(people[0]["id"]))[-1]
    assert (entry["cause"]["id"], entry["cause"]["actor"], entry["cause"]["detail"]) == (
        edit["id"],
        "admin",
        "changed in a bulk edit of 3 records",
    )


async def test_an_edit_is_refused_when_the_records_have_moved(mapper: Mapper) -> None:
    """Somebody who was not in the preview must not be changed, nor anybody who is another one now."""
    await mapper.observe([source_user(number) for number in range(EVERYBODY)])
    change = {"fields": {"role": "Leaver"}}
    newcomer, renamed = [await previewed(mapper, change, rule=begins("zoe.")) for _ in range(2)]
    await mapper.observe([source_user(50)], page=2)
    problem = await mapper.call("POST", f"/bulk-edits/{newcomer['id']}/apply", expect=409)
    assert (problem["code"], "12, now there are 13" in problem["detail"]) == ("set_moved", True)
    renamed = await previewed(mapper, change, rule=begins("zoe."))
    one = (await mapper.people())[0]
    await mapper.call("PATCH", f"/people/{one['id']}", json={"fields": {"full_name": "Zoë"}})
    assert (await mapper.call("POST", f"/bulk-edits/{renamed['id']}/apply", expect=409))["code"] == "set_moved"
    assert {person["fields"]["role"] for person in await mapper.people()} == {"Employee"}
    assert (await mapper.call("GET", f"/bulk-edits/{renamed['id']}"))["state"] == "previewed"


async def test_who_is_like_this_already_is_not_written(mapper: Mapper) -> None:
    """A revision that says nothing would start workflows for nothing."""
    await mapper.observe([source_user(number) for number in range(3)])
    edit = await previewed(mapper, {"fields": {"role": "Employee"}, "remove": {"tags": ["nobody has it"]}})
    assert (edit["matched"], edit["changing"], edit["examples"]) == (3, 0, [])
    assert (await mapper.call("POST", f"/bulk-edits/{edit['id']}/apply"))["changed"] == 0
    assert {person["revision"] for person in await mapper.people()} == {1}


async def test_the_same_key_gives_the_same_edit_and_no_other(mapper: Mapper) -> None:
    """A caller who lost the answer asks again."""
    await mapper.observe([source_user(1)])
    one = await previewed(mapper, {"fields": {"role": "Leaver"}}, idempotency_key="k")
    again = await previewed(mapper, {"fields": {"role": "Leaver"}}, idempotency_key="k")
    assert again["id"] == one["id"]
    at_once = await asyncio.gather(*(previewed(mapper, {"fields": {"role": "Leaver"}}, idempotency_key="at once") for _ in range(5)))
    assert len({edit["id"] for edit in at_once}) == 1
    other = {"object_type": "person", "change": {"fields": {"role": "Guest"}}, "idempotency_key": "k"}
    assert (await mapper.call("POST", "/bulk-edits", json=other, expect=409))["code"] == "idempotency_key_reused"


async def test_a_bulk_deactivation_obeys_the_guard(mapper: Mapper) -> None:
    """A rule that is too wide must not deactivate a whole company; nor may a flood hide between other changes."""
    await mapper.observe([source_user(number) for number in range(EVERYBODY)])
    few = await previewed(mapper, {"fields": {"deactivated": True}}, object_type="saas_user", rule=begins("zoe.1"))
    assert few["losses"] == 3
    assert (await mapper.call("POST", f"/bulk-edits/{few['id']}/apply"))["changed"] == 3
    many = await previewed(mapper, {"fields": {"deactivated": True}}, object_type="saas_user")
    assert (many["matched"], many["changing"], many["losses"]) == (12, 9, 9)
    applied = await mapper.call("POST", f"/bulk-edits/{many['id']}/apply")
    assert (applied["changed"], applied["withheld"]) == (0, 9)
    users = await mapper.saas_users()
    assert sum(user["fields"].get("deactivated") is True for user in users) == 3
    assert all(user["fields"]["deactivated_at"] for user in users if user["fields"].get("deactivated"))
    released = await mapper.call("POST", "/withheld/release", json={"saas_instance_id": str(mapper.saas_instance_id)})
    assert released["released"] == 9
    assert all(user["fields"]["deactivated"] for user in await mapper.saas_users())


async def test_what_cannot_be_changed_in_bulk_is_refused_by_name(mapper: Mapper) -> None:
    """Before anything is stored."""
    await mapper.observe([source_user(1)])
    for object_type, change, code, field in (
        ("person", {"fields": {"email": "all@example.com"}}, "not_in_bulk", "change.fields.email"),
        ("person", {"fields": {"tenant_id": "mine"}}, "bad_values", "fields.tenant_id"),
        ("person", {"add": {"role": ["Guest"]}}, "bad_values", "add.role"),
        ("person", {"remove": {"tgas": ["x"]}}, "unknown_field", "remove.tgas"),
        ("saas_user", {"fields": {"deactivated": True, "to_be_deleted": True}}, "not_in_bulk", "change.fields.deactivated"),
    ):
        problem = await mapper.call("POST", "/bulk-edits", json={"object_type": object_type, "change": change}, expect=422)
        assert (problem["code"], problem["fields"][0]["field"]) == (code, field)
    rule = {"object_type": "person", "rule": begins("x") | {"field": "emial"}, "change": {"fields": {"role": "Guest"}}}
    assert (await mapper.call("POST", "/bulk-edits", json=rule, expect=422))["fields"][0]["field"] == "rule.field"
    await mapper.call("POST", "/bulk-edits", json={"object_type": "person", "change": {}}, expect=422)


async def test_a_bulk_edit_is_bounded(database_url: SecretStr, tmp_path: Path) -> None:
    """One transaction holds all of it."""
    async with running_mapper(database_url, tmp_path / "dead-letters", bulk_edit_records=2) as mapper:
        await mapper.ready()
        await mapper.observe([source_user(number) for number in range(3)])
        body = {"object_type": "person", "change": {"fields": {"role": "Guest"}}}
        problem = await mapper.call("POST", "/bulk-edits", json=body, expect=422)
        assert (problem["code"], "ROLLCALL_MAPPER_BULK_EDIT_RECORDS" in problem["remedy"]) == ("too_many_records", True)


async def test_tags_are_added_and_taken_away_whatever_their_case(mapper: Mapper) -> None:
    """Two spellings of one tag would each find half of the people."""
    await mapper.observe([source_user(1)])
    (one,) = await mapper.people()
    path = f"/people/{one['id']}"

    async def tags(**change: Any) -> Any:
        return (await mapper.call("PATCH", path, json=change))["fields"].get("tags")

    assert await tags(add={"tags": ["VIP", " Board "]}) == ["VIP", "Board"]
    revision = (await mapper.call("GET", path))["revision"]
    assert await tags(add={"tags": ["vip"]}) == ["VIP", "Board"]
    assert (await mapper.call("GET", path))["revision"] == revision
    assert await tags(remove={"tags": ["vIp", "never there"]}, add={"tags": ["new"]}) == ["Board", "new"]
    assert await tags(fields={"tags": ["Board", " board ", "", "new"]}) == ["Board", "new"]
    refused = await mapper.call("PATCH", path, json={"fields": {"tags": ["x" * 101]}}, expect=422)
    assert (refused["code"], refused["fields"][0]["field"]) == ("bad_values", "fields.tags")
    assert len(await mapper.people(filter='{"field": "tags", "operator": "in", "value": ["NEW", "x"]}')) == 1
    assert len(await mapper.people(search="boa")) == 1
    assert await tags(remove={"tags": ["board", "new"]}) == []
    assert len(await mapper.people(filter='{"field": "tags", "operator": "is_empty"}')) == 1
    await mapper.call("PATCH", path, json={"add": {"tags": [f"t{n}" for n in range(60)]}})
    problem = await mapper.call("PATCH", path, json={"add": {"tags": [f"u{n}" for n in range(60)]}}, expect=422)
    assert (problem["code"], problem["fields"][0]["field"]) == ("bad_values", "add.tags")
    await mapper.call("PATCH", path, json={"fields": {"tags": []}, "add": {"tags": ["x"]}}, expect=422)


async def test_tags_of_a_source_are_held_to_what_holds_for_hands(mapper: Mapper) -> None:
    """A source that repeats itself, or writes whole sentences, must not spoil what people filter by."""
    stored = await mapper.call("GET", f"/integrations/{mapper.integration_id}/mapping")
    targets = {**stored["targets"], "tags": {"kind": "source", "path": ["labels"]}}
    mapping = {"targets": targets, "sync_keys": stored["sync_keys"]}
    await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json=mapping)
    counts = await mapper.observe([source_user(1, labels=["VIP", "", " vip ", " Board "]), source_user(2, labels=["x" * 101])])
    assert (counts["added"], counts["failed"]) == (1, 1)
    (person,) = await mapper.people()
    assert person["fields"]["tags"] == ["VIP", "Board"]
    (rejection,) = mapper.last("sync.page.applied.v1").rejections
    assert (rejection.code, rejection.field, "100 characters" in rejection.message) == ("value_does_not_fit", "tags", True)
