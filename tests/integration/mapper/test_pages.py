"""Pages of observations become People and SaaS users: once, set by set, with reasons for what cannot be applied."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from mapper.pages.applying import apply_pages
from tests.support.mapper import Mapper, source_user


async def test_a_first_load_adds_everybody_and_a_second_one_changes_nothing(mapper: Mapper) -> None:
    """The promise of step 4: unchanged records make no revision and no event."""
    users = [source_user(number) for number in range(1000)]
    for page in range(10):
        counts = await mapper.observe(users[page * 100 : page * 100 + 100], page=page + 1)
        assert counts["added"] == 100
    assert (await mapper.call("GET", "/people", params={"count": "true", "limit": 1}))["total"] == 1000
    assert (await mapper.call("GET", "/saas-users", params={"count": "true", "limit": 1}))["total"] == 1000
    mapper.told.clear()
    mapper.run_id = uuid4()
    for page in range(10):
        counts = await mapper.observe(users[page * 100 : page * 100 + 100], page=page + 1)
        assert counts["unchanged"] == 100
    assert mapper.of("records.changed.v1") == []
    assert {person["revision"] for person in await mapper.people()} == {1}


async def test_a_change_is_one_revision_with_before_after_and_cause(mapper: Mapper) -> None:
    """Workflows and timelines live on what exactly changed, and why."""
    await mapper.observe([source_user(1)])
    mapper.told.clear()
    assert (await mapper.observe([source_user(1, name="Zoë Żak")]))["updated"] == 1
    changed = next(told for told in mapper.of("records.changed.v1") if told.record_type == "person")
    assert changed.changes[0].fields == {"full_name": ("Żoë 1", "Zoë Żak")}
    assert changed.changes[0].revision == 2
    assert (changed.cause.kind, changed.cause.id, changed.cause.actor) == ("run", str(mapper.run_id), "sophos-integration")


async def test_a_blank_value_keeps_what_is_there(mapper: Mapper) -> None:
    """A source that forgets a name must not wipe it."""
    await mapper.observe([source_user(1)])
    await mapper.observe([source_user(1, name="", source={"type": "activeDirectory"})])
    (person,) = await mapper.people()
    assert person["fields"]["full_name"] == "Żoë 1"
    assert person["fields"]["source_type"] == "activeDirectory"


async def test_an_email_that_changes_upstream_renames_the_person_in_place(mapper: Mapper) -> None:
    """The source's own id is remembered: a rename never makes a second person."""
    await mapper.observe([source_user(1)])
    (before,) = await mapper.people()
    assert (await mapper.observe([source_user(1, email="new.name@example.com")]))["updated"] == 1
    (after,) = await mapper.people()
    assert after["id"] == before["id"]
    assert after["fields"]["username"] == "new.name@example.com"
    assert (await mapper.observe([source_user(2, email="zoe.1@example.com")]))["added"] == 1, "the old address is free again"


@pytest.mark.parametrize(
    ("record", "code", "field"),
    [
        (source_user(9, email=None), "missing_value", "email"),
        (source_user(9, email=""), "missing_value", "email"),
        (source_user(9, email={"deep": 1}), "value_does_not_fit", "email"),
        (source_user(9, name="x" * 5000), "value_does_not_fit", "full_name"),
        (source_user(9, name="nul\x00byte"), "value_does_not_fit", "full_name"),
        (source_user(9, email="ZOE.1@example.com "), "duplicate_sync_key", "email"),
    ],
)
async def test_a_bad_record_is_rejected_with_its_reason_and_holds_nobody_up(
    mapper: Mapper, record: dict[str, Any], code: str, field: str
) -> None:
    """A page never fails because of one record."""
    counts = await mapper.observe([source_user(1), record, source_user(2)])
    assert (counts["added"], counts["failed"]) == (2, 1)
    (rejection,) = mapper.last("sync.page.applied.v1").rejections
    assert (rejection.code, rejection.source_id) == (code, record["id"])
    assert rejection.field in {field, "username"}
    assert rejection.remedy


async def test_two_users_of_one_email_on_different_pages_stay_apart(mapper: Mapper) -> None:
    """The second one must neither take over nor change the first one's person."""
    await mapper.observe([source_user(1)])
    counts = await mapper.observe([source_user(2, email="zoe.1@example.com", name="Impostor")], page=2)
    assert counts["failed"] == 1
    (person,) = await mapper.people()
    assert person["fields"]["full_name"] == "Żoë 1"


@pytest.mark.parametrize(
    ("preference", "known", "new"),
    [
        ("create_only", "skipped", "added"),
        ("update_only", "updated", "skipped"),
        ("create_and_update", "updated", "added"),
    ],
)
async def test_the_preference_is_obeyed(mapper: Mapper, preference: str, known: str, new: str) -> None:
    """Create only, update only, or both."""
    await mapper.observe([source_user(1)])
    counts = await mapper.observe([source_user(1, name="Other")], preference=preference)
    assert counts[known] == 1
    counts = await mapper.observe([source_user(2)], preference=preference, page=2)
    assert counts[new] == 1


async def test_an_event_that_arrives_twice_is_applied_once(mapper: Mapper) -> None:
    """At least once on the wire, exactly once in effect."""
    page = mapper.page([source_user(number) for number in range(50)])
    await mapper.publish(page, page)
    assert len(mapper.of("sync.page.applied.v1")) == 1
    assert len(await mapper.people()) == 50


async def test_without_a_mapping_every_record_is_rejected_and_says_so(mapper: Mapper) -> None:
    """Whoever launches around the check still gets a reason."""
    mapper.integration_id = uuid4()
    counts = await mapper.observe([source_user(1)])
    assert counts["failed"] == 1
    assert mapper.last("sync.page.applied.v1").rejections[0].code == "no_mapping"


@pytest.mark.parametrize("order", [None, {"hand": "keep"}])
async def test_the_number_of_statements_does_not_grow_with_the_page(mapper: Mapper, order: dict[str, Any] | None) -> None:
    """A query per row is the second slowest thing one can do; nor may it matter how many fields have an order."""
    if order is not None:
        await mapper.call("PUT", "/authority/person", json=order)
    numbers: dict[int, list[int]] = {}
    await mapper.observe([source_user(0)])
    for size in (10, 100):
        base = size * 1000
        users = [source_user(base + number) for number in range(size)]
        numbers[size] = [
            await statements(mapper, users),
            await statements(mapper, users),
            await statements(mapper, [{**user, "name": "Other"} for user in users]),
        ]
    assert numbers[10] == numbers[100]


async def statements(mapper: Mapper, users: list[dict[str, Any]]) -> int:
    """Apply a page in a unit of its own, without the bus and the relay; return how many statements that took."""
    count = 0
    mapper.run_id = uuid4()

    def counting(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal count
        # The relay looks at the outbox on its own time, in transactions of its own.
        count += "outbox" not in statement and not statement.startswith("BEGIN")

    async with mapper.units.begin() as unit:
        # Its own connection alone: whatever else the service does meanwhile is not the page's.
        connection = (await unit.session.connection()).sync_connection
        event.listen(connection, "before_cursor_execute", counting)
        await apply_pages(unit, [mapper.page(users)])
        event.remove(connection, "before_cursor_execute", counting)
    await mapper.drain()
    return count
