"""Undoing a run: what is put back, what is kept, what the guard withholds, and what nobody hears of."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, select, update

from mapper.tables import REVISIONS, UNDOS
from mapper.undo import routes
from mapper.undo.advancing import PEOPLE_AT_ONCE, Progress, advance
from mapper.undo.asking import UndoInProgress, ask_for_run
from shared.unit import Unit
from tests.support.guard import decide, gone, hired, missing, tray
from tests.support.mapper import Mapper, source_user
from tests.support.undo import another, items, named, run, stored, undo


async def full_names(mapper: Mapper) -> set[str | None]:
    """Return what people are called."""
    return {person["fields"].get("full_name") for person in await mapper.people()}


async def test_an_undo_starts_no_workflow_and_says_what_it_did(mapper: Mapper) -> None:
    """Whoever mends a bad run must not set off offboardings by that; everybody else must hear that records changed."""
    await run(mapper, [source_user(1)])
    bad = await run(mapper, [source_user(1, name="Bad"), source_user(2)])
    mapper.told.clear()
    undone = await undo(mapper, bad)
    assert (undone["actions"], undone["outcomes"]) == ({"put_back": 2, "remove": 2}, {"applied": 4})
    told = mapper.of("records.changed.v1")
    assert {one.initial for one in told} == {True}
    assert {(one.cause.kind, one.cause.id) for one in told} == {("undo", undone["id"])}
    kinds = sorted((one.record_type, change.kind) for one in told for change in one.changes)
    assert kinds == [("person", "removed"), ("person", "undone"), ("saas_user", "removed"), ("saas_user", "undone")]
    (person,) = await mapper.people()
    entry = (await mapper.timeline(person["id"]))[-2]
    assert (entry["kind"], entry["summary"]) == ("undone", "Person put back as it was: full_name")
    assert entry["cause"]["detail"] == "undid a run of Sophos users"


async def test_the_next_run_finds_what_it_would_have_found_without_the_one_that_was_undone(mapper: Mapper) -> None:
    """An undo teaches nobody anything: what the source still says comes again, and what was mended does not touch a hand's work."""
    await run(mapper, [source_user(1)])
    (person,) = await mapper.people()
    await mapper.call("PATCH", f"/people/{person['id']}", json={"fields": {"full_name": "By hand"}})
    bad = await run(mapper, [source_user(1, name="Bad")])
    await undo(mapper, bad)
    mapper.run_id = uuid4()
    assert (await mapper.observe([source_user(1)]))["unchanged"] == 1, "the source is mended: it says what it had said before"
    assert await full_names(mapper) == {"By hand"}
    assert (await mapper.observe([source_user(1, name="Bad")]))["updated"] == 1, "it says it again: so it is written again"


async def test_the_next_run_does_not_write_over_what_an_undo_has_kept(mapper: Mapper) -> None:
    """Somebody mended a bad value, then the run was undone: the source, which has not changed, must not bring it back."""
    await run(mapper, [source_user(1)])
    bad = await run(mapper, [source_user(1, name="Bad", source={"type": "bad"})])
    (person,) = await mapper.people()
    await mapper.call("PATCH", f"/people/{person['id']}", json={"fields": {"full_name": "Mended"}})
    assert (await undo(mapper, bad))["conflicts"] == 1
    mapper.run_id = uuid4()
    assert (await mapper.observe([source_user(1, name="Bad", source={"type": "bad"})]))["unchanged"] == 1
    (person,) = await mapper.people()
    assert (person["fields"]["full_name"], person["fields"]["source_type"]) == ("Mended", "custom")
    assert (await mapper.observe([source_user(1, name="New")]))["updated"] == 1
    assert await full_names(mapper) == {"New"}


async def test_records_that_an_undo_removed_come_again_quietly_and_once(mapper: Mapper) -> None:
    """A first load that is undone, mended and run again is a first load to every workflow; whoever is new by then is new."""
    bad = await run(mapper, [source_user(1), source_user(2)])
    await undo(mapper, bad)
    mapper.told.clear()
    await run(mapper, [source_user(1), source_user(2), source_user(3)])
    told = [(one.initial, len(one.changes)) for one in mapper.of("records.changed.v1") if one.record_type == "person"]
    assert sorted(told) == [(False, 1), (True, 2)]
    mapper.told.clear()
    await run(mapper, [source_user(1, name="Zoë"), source_user(2), source_user(3)])
    assert {one.initial for one in mapper.of("records.changed.v1")} == {False}


async def test_a_record_that_somebody_touched_since_stays_whole(mapper: Mapper) -> None:
    """A person whom the run created and a hand completed is in use: removing them would lose that work."""
    bad = await run(mapper, [source_user(1), source_user(2)])
    touched = next(person for person in await mapper.people() if person["fields"]["email"] == "zoe.1@example.com")
    await mapper.call("PATCH", f"/people/{touched['id']}", json={"fields": {"first_name": "Żoë"}})
    undone = await undo(mapper, bad)
    assert [person["id"] for person in await mapper.people()] == [touched["id"]]
    (conflict,) = (await items(mapper, undone, conflicts="true"))[touched["id"]]["conflicts"]
    assert (conflict["field"], conflict["code"], conflict["cause"]["kind"]) == (None, "touched_since", "user")
    assert (await mapper.observe([source_user(1)]))["updated"] == 1, "found again by their address, with a new SaaS user"


async def test_a_person_whom_another_integration_knows_stays(mapper: Mapper) -> None:
    """What one integration brought by mistake may be what the other one lives on."""
    bad = await run(mapper, [source_user(1)])
    other = await another(mapper)
    await run(other, [source_user(1)])
    undone = await undo(mapper, bad)
    (person,) = await mapper.people()
    codes = {conflict["code"] for conflict in (await items(mapper, undone))[person["id"]]["conflicts"]}
    assert codes <= {"linked_by_another", "touched_since"}
    assert codes
    assert [user["saas_instance_id"] for user in await mapper.saas_users()] == [str(other.saas_instance_id)]


async def test_a_value_that_another_record_took_since_stays_with_it(mapper: Mapper) -> None:
    """Two people with one address would be found by nobody any more."""
    await run(mapper, [source_user(1)])
    bad = await run(mapper, [source_user(1, email="new@example.com", name="Bad")])
    fields = {"username": "zoe.1@example.com", "email": "zoe.1@example.com", "role": "Boss"}
    await mapper.call("POST", "/people", json={"fields": fields})
    undone = await undo(mapper, bad)
    kept = {conflict["field"]: conflict["code"] for item in (await items(mapper, undone)).values() for conflict in item["conflicts"]}
    assert kept == {"email": "value_taken", "username": "value_taken"}
    assert "Żoë 1" in await full_names(mapper), "what can be put back is put back"


async def test_addresses_that_a_run_moved_around_are_moved_back(mapper: Mapper) -> None:
    """Each has what the one before wants back, so they go together, also where they are more than one step takes."""
    count = PEOPLE_AT_ONCE + 100
    await run(mapper, [named(number, "Ann", "x.example") for number in range(count)], absence=False)
    before = await stored(mapper)
    bad = await run(mapper, [named(number, "Ann", "x.example", number + 1) for number in range(count)], size=count, absence=False)
    assert await stored(mapper) != before
    assert (await undo(mapper, bad, mode="plan"))["conflicts"] == 0
    undone = await undo(mapper, bad)
    assert undone["conflicts"] == 0
    assert await stored(mapper) == before


async def test_marks_of_absence_are_taken_back_and_the_users_are_suspected_again(mapper: Mapper) -> None:
    """A run that read the wrong tenant proved people absent who are there."""
    await hired(mapper, 3)
    await gone(mapper, 2)
    before = mapper.run_id
    assert await missing(mapper) == {2}
    undone = await undo(mapper, before)
    assert (undone["outcomes"], await missing(mapper)) == ({"applied": 1}, set())
    mapper.run_id = uuid4()
    await mapper.publish(mapper.listing(0))
    assert len(mapper.last("sync.absence.suspected.v1").source_ids) == 3


async def test_a_plan_writes_nothing_and_an_unknown_run_is_not_found(mapper: Mapper) -> None:
    """Looking is free."""
    bad = await run(mapper, [source_user(1)])
    state = await stored(mapper)
    planned = await undo(mapper, bad, mode="plan")
    assert (await stored(mapper), planned["actions"], planned["outcomes"]) == (state, {"remove": 2}, {})
    (item, _) = (await items(mapper, planned)).values()
    assert item["fields"]["full_name"] == ["Żoë 1", None]
    assert (await mapper.call("POST", f"/runs/{uuid4()}/undo", json={}, expect=404))["code"] == "nothing_to_undo"
    refused = await mapper.call("POST", f"/undos/{planned['id']}/undo", json={}, expect=409)
    assert refused["code"] == "undo_not_made"


async def test_removals_above_the_limit_wait_in_the_tray_and_are_released_together(mapper: Mapper) -> None:
    """An undo that would empty an instance is as dangerous as any other loss: an admin answers for it."""
    before = await stored(mapper)
    bad = await run(mapper, [source_user(number) for number in range(1, 9)])
    ran = await stored(mapper)
    undone = await undo(mapper, bad)
    assert (undone["outcomes"], len(undone["crossed"])) == ({"withheld": 16}, 1)
    assert await stored(mapper) == ran
    entries = await tray(mapper)
    assert {(entry["kind"], entry["cause"]["kind"]) for entry in entries} == {("removed", "undo")}
    touched = (await mapper.people())[0]["id"]
    await mapper.call("PATCH", f"/people/{touched}", json={"fields": {"first_name": "X"}})
    released = await decide(mapper, "release", saas_instance_id=str(mapper.saas_instance_id))
    assert (released["released"], released["moot"]) == (8, 0)
    assert [person["id"] for person in await mapper.people()] == [touched]
    assert await mapper.saas_users() == []
    again = await undo(mapper, undone["id"], of="undos")
    assert again["outcomes"] == {"applied": 15}
    assert (await stored(mapper))["saas_users"] == ran["saas_users"]
    assert before["people"] == {}


async def test_a_few_removals_pass_and_count_as_losses(mapper: Mapper) -> None:
    """Five pass, as five leavers do; a sixth that somebody else loses on the same day waits."""
    await hired(mapper, 8)
    bad = await run(mapper, [source_user(number) for number in range(1, 14)])
    assert (await undo(mapper, bad))["outcomes"] == {"applied": 10}
    assert await gone(mapper, 1) == (0, 1)


async def test_the_worker_goes_on_as_soon_as_whoever_asked_has_waited_enough(mapper: Mapper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two an undo would lie idle for a minute, with half of it made."""
    bad = await run(mapper, [source_user(1), source_user(2)])

    async def slowly(unit: Unit, undo_id: UUID) -> Progress:
        progress = await advance(unit, undo_id)
        await asyncio.sleep(0.3)
        return progress

    monkeypatch.setattr(routes, "advance", slowly)
    monkeypatch.setattr(routes, "AT_ONCE", 0.1)
    assert (await undo(mapper, bad))["outcomes"] == {"applied": 4}


async def test_an_undo_that_was_cut_off_goes_on_where_it_stood(mapper: Mapper) -> None:
    """A process that dies leaves half of an undo; the next one makes the other half, and nothing twice."""
    before = await stored(mapper)
    await run(mapper, [source_user(0)])
    bad = await run(mapper, [source_user(number, name="Bad") for number in range(900)], absence=False)
    async with mapper.units.begin(actor="admin") as unit:
        undo_id = await ask_for_run(unit, bad, applies=True)
    await mapper.call("GET", f"/undos/{undo_id}")
    states = set()
    for _ in range(30):
        async with mapper.units.begin() as unit:
            progress = await advance(unit, undo_id)
        states.add((await mapper.call("GET", f"/undos/{undo_id}"))["state"])
        if progress == "ended":
            break
        with pytest.raises(ConnectionError):
            await _cut_off(mapper, undo_id)
    # The service's own worker may have done some of the steps meanwhile.
    assert "done" in states
    await mapper.drain()
    assert before["people"] == {}
    async with mapper.database.reading() as session:
        numbers = (await session.scalars(select(REVISIONS.c.revision).where(REVISIONS.c.kind == "undone"))).all()
        assert await session.scalar(select(UNDOS.c.state)) == "done"
    assert len(numbers) == 2


async def _cut_off(mapper: Mapper, undo_id: UUID) -> None:
    """Do a step whose transaction never commits: whatever it had written is gone."""
    async with mapper.units.begin() as unit:
        await advance(unit, undo_id)
        raise ConnectionError


async def test_an_undo_that_another_process_left_behind_is_taken_on(mapper: Mapper) -> None:
    """Nobody has to ask twice: the worker of any process goes on."""
    await run(mapper, [source_user(1)])
    bad = await run(mapper, [source_user(1, name="Bad")])
    async with mapper.units.begin(actor="admin") as unit:
        undo_id = await ask_for_run(unit, bad, applies=True)
    other = await mapper.call("POST", f"/runs/{bad}/undo", json={"mode": "apply"}, expect=409)
    assert other["code"] == "undo_in_progress"
    async with mapper.units.begin() as unit:
        await unit.session.execute(update(UNDOS).where(UNDOS.c.id == undo_id).values(asked_by="admin"))
    _ask_worker(mapper)
    for _ in range(200):
        if (await mapper.call("GET", f"/undos/{undo_id}"))["state"] == "done":
            break
    assert await full_names(mapper) == {"Żoë 1"}


def _ask_worker(mapper: Mapper) -> None:
    parts: Any = mapper.units.parts
    parts.undo_asked.set()


async def test_of_two_who_undo_a_run_at_the_same_time_one_is_told_to_wait(mapper: Mapper) -> None:
    """Two undos at work on the same records would each take what the other one does for somebody's change."""
    run_id = await run(mapper, [source_user(1)])
    async with mapper.units.begin() as first:
        await ask_for_run(first, run_id, applies=False)
        second = asyncio.create_task(mapper.units.do(lambda unit: ask_for_run(unit, run_id, applies=False)))
        await asyncio.wait([second], timeout=0.3)
        assert not second.done(), "it cannot know yet whether the first one begins"
    with pytest.raises(UndoInProgress):
        await second


async def test_the_number_of_statements_does_not_grow_with_the_records(mapper: Mapper) -> None:
    """A query per record would make an undo of a large run take all night."""
    counted: dict[int, int] = {}
    for size in (10, 200):
        mine = await another(mapper)
        users = [named(number, "Ann", f"d{size}.example") for number in range(size)]
        await run(mine, users, size=size)
        bad = await run(mine, [{**user, "name": "Bad"} for user in users], size=size)
        async with mine.units.begin(actor="admin") as unit:
            undo_id: UUID = await ask_for_run(unit, bad, applies=True)
        count = 0

        def counting(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            nonlocal count
            count += "outbox" not in statement and not statement.startswith("BEGIN")

        progress = "more"
        while progress != "ended":
            async with mine.units.begin() as unit:
                connection = (await unit.session.connection()).sync_connection
                event.listen(connection, "before_cursor_execute", counting)
                progress = await advance(unit, undo_id)
                event.remove(connection, "before_cursor_execute", counting)
        counted[size] = count
    assert counted[10] == counted[200]


async def test_whoever_stays_because_another_source_knows_them_keeps_the_address_that_somebody_would_have_back(mapper: Mapper) -> None:
    """The undo could not be asked for at all: it counted on an address that was not given up, and the database refused it."""
    await run(mapper, [source_user(1)])
    bad = await run(mapper, [source_user(1, email="moved@example.com"), source_user(2, email="zoe.1@example.com")])
    await run(await another(mapper), [source_user(7, name="Żoë 2", email="zoe.1@example.com")])
    undone = await undo(mapper, bad)
    listed = await items(mapper, undone, conflicts="true")
    codes = {conflict["code"] for item in listed.values() for conflict in item["conflicts"]}
    assert codes >= {"linked_by_another", "value_taken"}
    emails = {person["fields"]["full_name"]: person["fields"]["email"] for person in await mapper.people()}
    assert sorted(emails.values()) == ["moved@example.com", "zoe.1@example.com"]
