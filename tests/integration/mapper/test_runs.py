"""Whole runs: what they count, in which order their pages may come, and what a changed mapping rewrites."""

from typing import Any
from uuid import UUID, uuid4

from shared.events import RecordChangesRequested
from tests.integration.mapper.test_requests import request
from tests.support.mapper import Mapper, source_user

PAGE = 50


async def run(mapper: Mapper, users: list[dict[str, Any]]) -> dict[str, int]:
    """Show the whole directory page by page; return the counts of all pages."""
    mapper.run_id = uuid4()
    mapper.told.clear()
    counts: dict[str, int] = {}
    for start in range(0, len(users), PAGE):
        for name, count in (await mapper.observe(users[start : start + PAGE], page=start // PAGE + 1)).items():
            counts[name] = counts.get(name, 0) + count
    await mapper.publish(mapper.listing(len(users)))
    return {name: count for name, count in counts.items() if count}


async def test_seven_change_three_join_and_five_leave(mapper: Mapper) -> None:
    """Step 5 of the story: updated, added and missing as they were, nobody deleted, and nothing said of the others."""
    users = [source_user(number) for number in range(300)]
    assert await run(mapper, users) == {"added": 300}
    changed = [{**user, "name": "Changed"} if number < 7 else user for number, user in enumerate(users)]
    directory = changed[:-5] + [source_user(number) for number in (1001, 1002, 1003)]
    assert await run(mapper, directory) == {"updated": 7, "added": 3, "unchanged": 288}
    people = [event for event in mapper.of("records.changed.v1") if event.record_type == "person"]
    assert sum(len(event.changes) for event in people) == 10
    suspects = mapper.last("sync.absence.suspected.v1").source_ids
    assert suspects == [user["id"] for user in users[-5:]]
    await mapper.publish(mapper.absent(*suspects))
    applied = mapper.last("sync.absence.applied.v1")
    assert (applied.missing, applied.newly_missing) == (5, 5)
    assert (await mapper.call("GET", "/people", params={"count": "true"}))["total"] == 303
    await run(mapper, directory)
    assert mapper.last("sync.absence.suspected.v1").source_ids == [], "who is proven missing is not asked for again"


async def test_each_page_tells_one_event_for_people_and_one_for_saas_users(mapper: Mapper) -> None:
    """A message for each user would be fifty times slower."""
    await mapper.observe([source_user(number) for number in range(100)])
    assert sorted(event.record_type for event in mapper.of("records.changed.v1")) == ["person", "saas_user"]
    assert all(len(event.changes) == 100 for event in mapper.of("records.changed.v1"))


async def test_the_first_load_says_that_it_is_one(mapper: Mapper) -> None:
    """No workflow may start because an integration was connected."""
    await mapper.observe([source_user(1)], initial=True)
    await mapper.observe([source_user(2)], initial=False, page=2)
    assert [event.initial for event in mapper.of("records.changed.v1")] == [True, True, False, False]


async def test_pages_may_come_in_any_order(mapper: Mapper) -> None:
    """A page's number says nothing but its place in the books."""
    for page in (3, 1, 2):
        counts = await mapper.observe([source_user(page * 10 + number) for number in range(5)], page=page)
        assert counts["added"] == 5
    assert [event.page for event in mapper.of("sync.page.applied.v1")] == [3, 1, 2]
    await mapper.publish(mapper.listing(15))
    assert mapper.last("sync.absence.suspected.v1").source_ids == []


async def test_a_changed_mapping_rewrites_only_what_really_differs(mapper: Mapper) -> None:
    """A new version of a mapping is no reason to touch a person: a new value is."""
    users = [source_user(number, title="Lead" if number < 3 else None) for number in range(20)]
    await run(mapper, users)
    await mapper.call("POST", "/fields", json={"label": "Title"})
    await mapper.map(title={"kind": "source", "path": ["title"]})
    assert await run(mapper, users) == {"updated": 3, "unchanged": 17}
    assert await run(mapper, users) == {"unchanged": 20}
    await mapper.map(title={"kind": "source", "path": ["title"]}, role={"kind": "constant", "value": "Guest"})
    assert await run(mapper, users) == {"updated": 20}
    changes = next(event for event in mapper.of("records.changed.v1") if event.record_type == "person").changes
    assert all(change.fields == {"role": ("Employee", "Guest")} for change in changes)


async def test_a_page_that_was_fetched_before_a_deletion_brings_nobody_back(mapper: Mapper) -> None:
    """Deleted while a run was reading: what that run saw earlier is no news."""
    await mapper.observe([source_user(1)])
    (user,) = await mapper.saas_users()
    page = mapper.page([source_user(1, name="Read before the deletion")])
    deletion = request(user["id"], "mark_deleted_in_source", proof={"status": 404})
    await mapper.publish(RecordChangesRequested(record_type="saas_user", requests=[deletion]))
    await mapper.publish(page)
    (after,) = await mapper.saas_users()
    assert after["fields"]["deleted_in_source_at"]
    assert mapper.last("sync.page.applied.v1").counts.unchanged == 1


async def test_who_comes_back_under_a_new_id_is_missing_no_longer(mapper: Mapper) -> None:
    """The old id is gone for good; counting it as missing would spoil every later run's books."""
    await mapper.observe([source_user(1)])
    await mapper.publish(mapper.absent(str(UUID(int=1))))
    mapper.run_id = uuid4()
    await mapper.observe([source_user(50, email="zoe.1@example.com")])
    await mapper.publish(mapper.listing(1), mapper.absent())
    assert mapper.last("sync.absence.suspected.v1").source_ids == []
    assert mapper.last("sync.absence.applied.v1").missing == 0


async def test_without_saas_users_the_person_says_who_is_missing_and_who_is_back(mapper: Mapper) -> None:
    """An integration may keep People only: their absence and its proof must be on record all the same."""
    mapper.saas_instance_id = None
    await mapper.observe([source_user(1)])
    assert await mapper.saas_users() == []
    await mapper.publish(mapper.absent(str(UUID(int=1))))
    mapper.run_id = uuid4()
    assert (await mapper.observe([source_user(1)]))["updated"] == 1
    (person,) = await mapper.people()
    told = await mapper.timeline(person["id"])
    assert [entry["kind"] for entry in told] == ["observed", "created", "missing", "returned"]
    assert told[2]["proof"]["status"] == 404
