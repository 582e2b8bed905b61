"""Who was deleted at the source stays known: a return is one, on the same record, and asks again what shall become of them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import delete, select

from mapper.tables import LINKS, PEOPLE, REVISIONS, SAAS_USERS, TOMBSTONES, UNIQUE_VALUES
from shared.events import RecordChangesRequested
from tests.support.guard import request_of, requested, source_id
from tests.support.mapper import Mapper, running_mapper, source_user
from tests.support.rules import RULE
from workflow_engine.triggers.match import starting

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["delete", "go missing", "same id", "new id", "older id"]), st.sampled_from([str.lower, str.upper, str.title, str])
    ),
    max_size=12,
)
FLAGGED = {"field": "to_be_deleted", "operator": "equals", "value": True}
RETURNED = {"field": "returned_at", "operator": "is_not_empty"}


async def test_a_return_reopens_the_question_and_can_start_a_workflow(mapper: Mapper) -> None:
    """The flag is empty again, the timeline says so, and a Begin on the return starts; also the second time."""
    user = await _flagged(mapper, 1)
    for number in (77, 78):
        assert await requested(mapper, "mark_deleted_in_source", [user["id"]]) == ["applied"]
        await mapper.observe([source_user(number, email="ZOE.1@example.com")])
        (back,) = await mapper.saas_users()
        assert (back["id"], back["fields"]["to_be_deleted"], back["fields"]["source_id"]) == (user["id"], None, source_id(number))
        assert back["fields"]["returned_at"]
        changed = next(event for event in reversed(mapper.of("records.changed.v1")) if event.record_type == "saas_user")
        assert [change.kind for change in changed.changes] == ["returned"]
        assert starting(RULE.validate_python(RETURNED), changed, ZoneInfo("UTC")) == [UUID(user["id"])]
        returns = [entry["summary"] for entry in await mapper.timeline(user["person_id"]) if entry["kind"] == "returned"]
        assert "open question" in returns[-1]
        await mapper.call("PATCH", f"/saas-users/{user['id']}", json={"fields": {"to_be_deleted": True}})
        await mapper.drain()
        flagged = mapper.last("records.changed.v1")
        assert starting(RULE.validate_python(FLAGGED), flagged, ZoneInfo("UTC")) == [UUID(user["id"])]


async def test_a_changed_address_does_not_hide_who_returns_under_the_same_id(mapper: Mapper) -> None:
    """Renamed in between: the id is enough."""
    user = await _flagged(mapper, 1)
    await requested(mapper, "mark_deleted_in_source", [user["id"]])
    await mapper.observe([source_user(1, email="married@example.com")])
    (back,) = await mapper.saas_users()
    assert (back["id"], back["fields"]["email"]) == (user["id"], "married@example.com")
    assert back["fields"]["returned_at"]


async def test_an_address_that_was_changed_by_hand_does_not_hide_who_returns(mapper: Mapper) -> None:
    """The tombstone keeps the address that the source knew."""
    user = await _flagged(mapper, 1)
    await requested(mapper, "mark_deleted_in_source", [user["id"]])
    await mapper.call("PATCH", f"/people/{user['person_id']}", json={"fields": {"email": "left@example.com", "username": "left"}})
    await mapper.observe([source_user(77, email="Zoe.1@Example.com")])
    (back,) = await mapper.saas_users()
    assert (back["id"], back["fields"]["source_id"]) == (user["id"], source_id(77))
    assert len(await mapper.people()) == 1


async def test_a_tombstone_outlives_the_records(mapper: Mapper) -> None:
    """Kept no longer, and still known: the new record says that this one was here before."""
    user = await _flagged(mapper, 1)
    await requested(mapper, "mark_deleted_in_source", [user["id"]])
    async with mapper.units.begin() as unit:
        for table in (LINKS, UNIQUE_VALUES, REVISIONS, SAAS_USERS, PEOPLE):
            await unit.session.execute(delete(table))
    await mapper.observe([source_user(77, email="zoe.1@example.com"), source_user(2)])
    back = {entry["fields"]["email"]: entry["fields"].get("returned_at") for entry in await mapper.saas_users()}
    assert back["zoe.1@example.com"]
    assert back["zoe.2@example.com"] is None
    async with mapper.database.reading() as session:
        (tombstone,) = (await session.execute(select(TOMBSTONES))).all()
    assert (tombstone.source_id, tombstone.returned_as) == (source_id(1), source_id(77))
    assert tombstone.cause["actor"] == "workflow:Leavers"


async def test_two_users_of_the_source_are_never_one_person(mapper: Mapper) -> None:
    """Back under a new id, and then somebody else gets the old one: the tombstone must not make them the same."""
    user = await _flagged(mapper, 1)
    await requested(mapper, "mark_deleted_in_source", [user["id"]])
    await mapper.observe([source_user(77, email="zoe.1@example.com")])
    await mapper.observe([source_user(1, email="other@example.com")])
    by_email = {entry["fields"]["email"]: entry for entry in await mapper.saas_users()}
    assert by_email["zoe.1@example.com"]["id"] == user["id"]
    assert by_email["other@example.com"]["fields"].get("returned_at") is None


def test_no_history_of_deletions_and_returns_makes_a_second_person(database_url: SecretStr, tmp_path: Path) -> None:
    """Deleted, missing, back with the same id, an older one or a new one, in any spelling of the address, in any order."""
    with asyncio.Runner() as runner:
        running = running_mapper(database_url, tmp_path / "dead-letters", guard_day_records=10_000, guard_week_records=10_000)
        mapper = runner.run(_opened(running))

        @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
        @given(steps=STEPS)
        def holds(steps: Sequence[tuple[str, Any]]) -> None:
            runner.run(_lived(mapper, steps))

        try:
            holds()
        finally:
            runner.run(running.__aexit__(None, None, None))


async def _lived(mapper: Mapper, steps: Sequence[tuple[str, Any]]) -> None:
    """Let one user live through a history, beside all those who went before; check after each step."""
    name = f"user-{uuid4().hex}"
    used = [str(uuid4())]
    address = f"{name}@example.com"
    await mapper.observe([_record(used[0], address)])
    (first,) = await _found(mapper, address)
    there, returns = True, 0
    for what, spelled in steps:
        if what in {"delete", "go missing"}:
            if what == "delete":
                requests = [request_of("mark_deleted_in_source", first["id"])]
                await mapper.publish(RecordChangesRequested(record_type="saas_user", requests=requests))
            elif there:
                await mapper.publish(mapper.absent(used[-1]))
            there = False
        elif not there:
            # The id that is in use is always the last one.
            back = str(uuid4()) if what == "new id" else used[0 if what == "older id" else -1]
            used = [one for one in used if one != back] + [back]
            await mapper.observe([_record(back, spelled(address))])
            there, returns = True, returns + 1
        (now_there,) = await _found(mapper, address)
        assert (now_there["id"], now_there["person_id"]) == (first["id"], first["person_id"])
        assert now_there["fields"]["source_id"] == used[-1]
        assert bool(now_there["fields"].get("returned_at")) == (there and returns > 0)
        gone = now_there["fields"].get("missing_since") or now_there["fields"].get("deleted_in_source_at")
        assert bool(gone) == (not there)
    kinds = [entry["kind"] for entry in await mapper.timeline(first["person_id"])]
    assert kinds.count("returned") == returns


def _record(number: str, address: str) -> dict[str, Any]:
    return {**source_user(1), "id": number, "email": address}


async def _found(mapper: Mapper, address: str) -> list[dict[str, Any]]:
    rule = f'{{"field": "email", "operator": "equals", "value": "{address}"}}'
    people = await mapper.people(filter=rule)
    assert len(people) == 1
    return await mapper.saas_users(filter=rule)


async def _opened(running: Any) -> Mapper:
    mapper: Mapper = await (await running.__aenter__()).ready()
    return mapper


async def _flagged(mapper: Mapper, number: int) -> dict[str, Any]:
    await mapper.observe([source_user(number)])
    (user,) = await mapper.saas_users()
    await mapper.call("PATCH", f"/saas-users/{user['id']}", json={"fields": {"to_be_deleted": True}})
    return user
