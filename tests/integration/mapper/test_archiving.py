"""People who are archived, restored, anonymised, and shown everything that is kept about them."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Table, func, select

from mapper.tables import HELD_BACK, MATCH_CONFLICTS, METADATA, OBSERVATIONS, OUTBOX, PLAN_CLAIMS, PLAN_ITEMS
from shared.events import Cause, RecordChangeRequest, RecordChangesRequested
from tests.support.guard import requested
from tests.support.mapper import MAPPING, Mapper, source_user
from tests.support.undo import another, items, run, undo

PERSONAL = ("Żoë 1", "zoe.1@example.com", "Renamed")


async def one_person(mapper: Mapper) -> dict[str, Any]:
    """Observe one user; return the person."""
    await mapper.observe([source_user(1)])
    (person,) = await mapper.people()
    return person


async def do(mapper: Mapper, person: dict[str, Any], step: str, *, expect: int = 200, **body: Any) -> dict[str, Any]:
    """Do something to a person."""
    answer: dict[str, Any] = await mapper.call("POST", f"/people/{person['id']}/{step}", json=body or None, expect=expect)
    return answer


async def again(mapper: Mapper, **changes: Any) -> dict[str, int]:
    """Observe the same user with changes, in a new run."""
    mapper.run_id = uuid4()
    return await mapper.observe([source_user(1, **changes)])


async def test_who_is_archived_is_kept_out_of_lists_and_left_alone(mapper: Mapper) -> None:
    """A source that still has them changes nothing, and makes no second one."""
    person = await one_person(mapper)
    assert (await do(mapper, person, "archive"))["archived_at"] is not None
    assert await mapper.people() == []
    assert [one["id"] for one in await mapper.people(archived=True)] == [person["id"]]
    assert (await again(mapper, name="Renamed"))["skipped"] == 1
    why = await mapper.call("GET", f"/integrations/{mapper.integration_id}/why-not", params={"source_id": str(UUID(int=1))})
    assert (why["state"], why["code"], why["looked_for"]) == ("put_away", "record_put_away", {})
    (left,) = await mapper.people(archived=True)
    assert left["fields"]["full_name"] == "Żoë 1"
    refused = await mapper.call("PATCH", f"/people/{person['id']}", json={"fields": {"full_name": "x"}}, expect=409)
    assert refused["code"] == "record_put_away"
    assert (await do(mapper, person, "restore"))["archived_at"] is None
    assert (await again(mapper, name="Renamed"))["updated"] == 1
    assert [entry["kind"] for entry in await mapper.timeline(person["id"]) if entry["record_type"] == "person"][-3:] == [
        "archived",
        "restored",
        "updated",
    ]


async def test_a_mapping_may_bring_the_archived_back(mapper: Mapper) -> None:
    """As somebody who is hired again."""
    person = await one_person(mapper)
    await do(mapper, person, "archive")
    await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json={**MAPPING, "restores_archived": True})
    assert (await again(mapper, name="Renamed"))["updated"] == 1
    (back,) = await mapper.people()
    assert (back["id"], back["archived_at"], back["fields"]["full_name"]) == (person["id"], None, "Renamed")


async def test_an_anonymised_person_leaves_nothing_personal_anywhere(mapper: Mapper) -> None:
    """Not in a record, not in history, not among unique values or plans; when something happened, and how often, stays."""
    person = await one_person(mapper)
    await again(mapper, name="Renamed")
    await mapper.observe([source_user(1, name="Renamed again")], mode="plan", run_id=uuid4())
    before = await mapper.timeline(person["id"])
    anonymised = await do(mapper, person, "anonymise", confirm="zoe.1@example.com")
    assert (anonymised["fields"], anonymised["anonymised_at"] is not None) == ({"synced_at": anonymised["fields"]["synced_at"]}, True)
    await mapper.drain()
    for table in METADATA.sorted_tables:
        assert not [word for word in PERSONAL if word in await everything_in(mapper, table)], table.name
    after = await mapper.timeline(person["id"])
    assert [(entry["kind"], entry["at"], sorted(entry["fields"])) for entry in before] == [
        (entry["kind"], entry["at"], sorted(entry["fields"])) for entry in after if entry["kind"] != "anonymised"
    ]
    (saas_user,) = await mapper.saas_users()
    assert saas_user["fields"]["saas_name"] == "Sophos Endpoint Security"


async def everything_in(mapper: Mapper, table: Table) -> str:
    """Return all that a table holds, as text; what left the outbox is not there."""
    if table is OUTBOX:
        return ""
    async with mapper.database.reading() as session:
        return repr((await session.execute(select(table))).all())


async def test_no_run_brings_an_anonymised_person_back(mapper: Mapper) -> None:
    """The source may still have them, under the same id."""
    person = await one_person(mapper)
    await do(mapper, person, "anonymise", confirm="zoe.1@example.com")
    assert (await again(mapper, name="Renamed"))["skipped"] == 1
    assert await mapper.people() == []
    assert (await do(mapper, person, "restore", expect=409))["code"] == "record_put_away"


async def test_no_workflow_writes_into_a_person_who_is_anonymised(mapper: Mapper) -> None:
    """A step that was started before would put a name back."""
    person = await one_person(mapper)
    await do(mapper, person, "anonymise", confirm="zoe.1@example.com")
    step_id = uuid4()
    cause = Cause(kind="workflow_step", id=str(step_id), actor="Offboarding")
    late = RecordChangeRequest(
        step_id=step_id, record_id=UUID(person["id"]), action="set_fields", fields={"full_name": "Renamed"}, cause=cause
    )
    await mapper.publish(RecordChangesRequested(record_type="person", requests=[late]))
    (answer,) = mapper.last("records.changes.applied.v1").answers
    assert (answer.outcome, answer.code) == ("refused", "record_put_away")


@pytest.mark.parametrize("said", ["", "ZOE.1@example.com", "somebody@else.com"])
async def test_anonymising_must_be_confirmed_by_name(mapper: Mapper, said: str) -> None:
    """It cannot be taken back, so a slip of the id must not be enough."""
    person = await one_person(mapper)
    refused = await do(mapper, person, "anonymise", expect=422, confirm=said)
    assert refused["code"] == "not_confirmed"
    (same,) = await mapper.people()
    assert (same["revision"], same["fields"]["email"]) == (1, "zoe.1@example.com")


async def test_a_person_is_given_everything_that_is_kept_about_them(mapper: Mapper) -> None:
    """Fields, accounts, what sources call them, and all that happened."""
    person = await one_person(mapper)
    export = await mapper.call("GET", f"/people/{person['id']}/export")
    assert export["person"]["fields"]["email"] == "zoe.1@example.com"
    assert [one["fields"]["username"] for one in export["saas_users"]] == ["zoe.1@example.com"]
    assert [(one["integration_id"], one["source_id"]) for one in export["links"]] == [(str(mapper.integration_id), str(UUID(int=1)))]
    assert [entry["kind"] for entry in export["timeline"]] == ["observed", "created", "created"]


async def test_history_keeps_nothing_personal_of_who_is_anonymised(mapper: Mapper) -> None:
    """Raw values, undone values, kept conflicts and reasons for being held back repeat what the fields said."""
    await run(mapper, [source_user(1, name=" Żoë 1 ")])
    bad = await run(mapper, [source_user(1, name=" Renamed "), source_user(2)])
    (person, _) = sorted(await mapper.people(), key=lambda one: str(one["fields"]["email"]))
    await mapper.call("PATCH", f"/people/{person['id']}", json={"fields": {"full_name": "Renamed by hand"}})
    await undo(mapper, await run(mapper, [source_user(1, name="Renamed"), source_user(2)]), mode="plan")
    await undo(mapper, bad)
    other = await another(mapper)
    await other.observe([source_user(3, email="zoe.1@example.com")], preference="create_only")
    held_before = await everything_in(mapper, HELD_BACK)
    assert "zoe.1@example.com" in held_before, "else the test shows nothing"
    await do(mapper, person, "anonymise", confirm="zoe.1@example.com")
    await mapper.drain()
    for table in METADATA.sorted_tables:
        assert not [word for word in PERSONAL if word in await everything_in(mapper, table)], table.name


async def test_anonymising_somebody_leaves_alone_whom_another_source_calls_the_same(mapper: Mapper) -> None:
    """Sources that number their users all have a user 1: their conflicts, plans and last records are somebody else's."""
    person = await one_person(mapper)
    await mapper.observe([source_user(1), source_user(2), source_user(3)])
    keys = {"targets": {**MAPPING["targets"], "username": {"kind": "source", "path": "login"}}, "sync_keys": ["email", "username"]}  # type: ignore[dict-item]
    other = await another(mapper, **keys)
    mixed = source_user(1, email="zoe.2@example.com", login="zoe.3@example.com")
    await other.observe([mixed])
    plan_id = other.run_id = uuid4()
    await other.observe([source_user(1, email="somebody@example.com", login="somebody")], mode="plan")

    async def kept() -> dict[str, int]:
        async with mapper.database.reading() as session:
            of_source = {table.name: table.c.integration_id == other.integration_id for table in (MATCH_CONFLICTS, HELD_BACK, OBSERVATIONS)}
            of_plan = {table.name: table.c.run_id == plan_id for table in (PLAN_ITEMS, PLAN_CLAIMS)}
            return {
                name: await session.scalar(select(func.count()).select_from(METADATA.tables[name]).where(theirs)) or 0
                for name, theirs in {**of_source, **of_plan}.items()
            }

    before = await kept()
    assert all(before.values()), before
    await do(mapper, person, "anonymise", confirm="zoe.1@example.com")
    assert await kept() == before


async def test_an_undo_leaves_those_alone_who_are_put_away(mapper: Mapper) -> None:
    """An archived person is not changed by anything but a restore, and of an anonymised one nothing can come back."""
    first = await run(mapper, [source_user(1), source_user(2)])
    bad = await run(mapper, [source_user(1, name="Renamed"), source_user(2, name="Renamed")])
    one, two = sorted(await mapper.people(), key=lambda found: str(found["fields"]["email"]))
    await do(mapper, one, "archive")
    await do(mapper, two, "anonymise", confirm="zoe.2@example.com")
    for target in (bad, first):
        undone = await undo(mapper, target)
        assert not {"put_back", "remove", "bring_back"} & undone["actions"].keys()
    codes = {conflict["code"] for item in (await items(mapper, undone)).values() for conflict in item["conflicts"]}
    assert codes <= {"put_away", "touched_since"}
    archived = {found["id"]: found["fields"].get("full_name") for found in await mapper.people(archived=True)}
    assert archived == {one["id"]: "Renamed", two["id"]: None}


async def test_undoing_a_run_that_restored_somebody_removes_nobody(mapper: Mapper) -> None:
    """They were there before: their values go back, and that they left the archive is said."""
    await run(mapper, [source_user(1)])
    (person,) = await mapper.people()
    await do(mapper, person, "archive")
    await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json={**MAPPING, "restores_archived": True})
    back = await run(mapper, [source_user(1, name="Renamed")])
    undone = await undo(mapper, back)
    (item,) = [found for found in (await items(mapper, undone)).values() if found["record_type"] == "person"]
    assert (item["action"], [conflict["code"] for conflict in item["conflicts"]]) == ("put_back", ["out_of_archive"])
    (same,) = await mapper.people()
    assert (same["id"], same["fields"]["full_name"]) == (person["id"], "Żoë 1")


async def test_why_says_that_somebody_was_anonymised(mapper: Mapper) -> None:
    """That the run that filled a field left it empty would be a lie."""
    await mapper.observe([source_user(1)])
    (person,) = await mapper.people()
    await do(mapper, person, "anonymise", confirm="zoe.1@example.com")
    answer = await mapper.call("GET", f"/people/{person['id']}/fields/email/why")
    assert (answer["answer"], answer["value"], answer["change"]) == ("anonymised", None, None)
    assert [(one["kind"], one["before"], one["after"]) for one in answer["earlier"]] == [("created", None, None)]
    assert (await mapper.call("GET", f"/people/{person['id']}/fields/tags/why"))["answer"] == "never_set"


async def test_saas_users_of_an_anonymised_person_take_nothing_personal_again(mapper: Mapper) -> None:
    """A tag on the account would say once more whose it was; that the account is closed may still be said."""
    await mapper.observe([source_user(1), source_user(2)])
    person = next(one for one in await mapper.people() if one["fields"]["email"] == "zoe.1@example.com")
    (user,) = [one for one in await mapper.saas_users() if one["person_id"] == person["id"]]
    await do(mapper, person, "anonymise", confirm="zoe.1@example.com")
    for change in ({"add": {"tags": ["Zoë's"]}}, {"fields": {"last_activity_at": "2026-01-01T00:00:00Z", "deactivated": True}}):
        refused = await mapper.call("PATCH", f"/saas-users/{user['id']}", json=change, expect=409)
        assert refused["code"] == "record_put_away"
    assert await requested(mapper, "set_fields", [user["id"]], fields={"tags": ["Zoë's"]}) == ["record_put_away"]
    rule = {"field": "deactivated", "operator": "equals", "value": False}
    edit = {"object_type": "saas_user", "rule": rule, "change": {"add": {"tags": ["2026"]}}}
    previewed = await mapper.call("POST", "/bulk-edits", json=edit)
    assert (previewed["matched"], previewed["changing"]) == (1, 1)
    assert (await mapper.call("POST", f"/bulk-edits/{previewed['id']}/apply"))["changed"] == 1
    assert "tags" not in (await mapper.call("GET", f"/saas-users/{user['id']}"))["fields"]
    closed = await mapper.call("PATCH", f"/saas-users/{user['id']}", json={"fields": {"deactivated": True}})
    assert closed["fields"]["deactivated"] is True
