"""Pages that arrive as one parcel are applied in one transaction, and nobody could tell but by the clock."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from mapper.pages.applying import apply_pages
from mapper.undo.coming_again import unmake
from shared.events.sources import UsersObserved
from tests.support.guard import source_id
from tests.support.mapper import Mapper, source_user
from tests.support.undo import stored, undo


def pages_of(mapper: Mapper, *records: list[dict[str, Any]], **changes: Any) -> list[UsersObserved]:
    """Return pages, counted from one."""
    return [mapper.page(page, page=number, **changes) for number, page in enumerate(records, start=1)]


def answers(mapper: Mapper) -> list[dict[str, int]]:
    """Return what the mapper said of each page, without what did not happen."""
    return [{name: count for name, count in told.counts.model_dump().items() if count} for told in mapper.of("sync.page.applied.v1")]


async def test_each_page_of_a_parcel_has_its_own_answer_and_cause(mapper: Mapper) -> None:
    """The connector's books and a person's timeline speak of pages, however many travelled together."""
    sent = pages_of(mapper, [source_user(1), source_user(2)], [source_user(3)], [source_user(4, email=None)])
    await mapper.publish(*sent)
    assert answers(mapper) == [{"added": 2}, {"added": 1}, {"failed": 1}]
    assert [told.causation_id for told in mapper.of("sync.page.applied.v1")] == [page.id for page in sent]
    changed = [told for told in mapper.of("records.changed.v1") if told.record_type == "person"]
    assert [len(told.changes) for told in changed] == [3], "one transaction tells its changes at once"
    assert changed[0].cause.detail == "Sophos users, pages 1 to 2"
    (third,) = [person for person in await mapper.people() if person["fields"]["email"] == "zoe.3@example.com"]
    told = [entry["cause"]["detail"] for entry in await mapper.timeline(third["id"]) if entry.get("cause")]
    assert set(told) == {"Sophos users, page 2"}


async def test_a_parcel_says_of_a_person_what_its_pages_would_have_said_one_by_one(mapper: Mapper) -> None:
    """Two users with one address must stay apart on two pages of a parcel, as on two pages that came one after the other."""
    await mapper.publish(*pages_of(mapper, [source_user(1)], [source_user(2, email="zoe.1@example.com", name="Impostor")]))
    assert answers(mapper) == [{"added": 1}, {"failed": 1}]
    (person,) = await mapper.people()
    assert person["fields"]["full_name"] == "Żoë 1"
    assert mapper.last("sync.page.applied.v1").rejections[0].code == "duplicate_sync_key"


async def test_a_user_on_two_pages_of_a_parcel_is_one_person(mapper: Mapper) -> None:
    """While a directory is paged through, users move from page to page: the later word holds."""
    await mapper.publish(
        *pages_of(mapper, [source_user(1), source_user(2)], [source_user(2, name="Later")], [source_user(2, name="Later")])
    )
    assert answers(mapper) == [{"added": 2}, {"updated": 1}, {"unchanged": 1}]
    names = {person["fields"]["email"]: (person["fields"]["full_name"], person["revision"]) for person in await mapper.people()}
    assert names["zoe.2@example.com"] == ("Later", 2)


async def test_an_address_that_one_page_gives_up_is_free_for_the_next_page(mapper: Mapper) -> None:
    """Renames in a chain often come together."""
    await mapper.observe([source_user(1)])
    mapper.told.clear()
    renamed, newcomer = source_user(1, email="new@example.com"), source_user(2, email="zoe.1@example.com")
    await mapper.publish(*pages_of(mapper, [renamed], [newcomer]))
    assert answers(mapper) == [{"updated": 1}, {"added": 1}]


async def test_a_page_that_arrives_twice_in_a_parcel_is_applied_once(mapper: Mapper) -> None:
    """At least once on the wire, exactly once in effect: a relay that lost a confirm sends all of it again, and more."""
    first, second = pages_of(mapper, [source_user(1)], [source_user(2)])
    await mapper.publish(first)
    await mapper.publish(first, second, second)
    assert answers(mapper) == [{"added": 1}, {"added": 1}]
    assert {person["revision"] for person in await mapper.people()} == {1}


async def test_a_page_that_cannot_be_applied_costs_its_parcel_nothing(mapper: Mapper) -> None:
    """It goes to the dead letters alone; what travelled with it is applied."""
    good, bad, behind = pages_of(mapper, [source_user(1)], [source_user(2)], [source_user(3)])
    broken = bad.model_copy(update={"records": []})
    await mapper.publish(good, broken, behind)
    assert len(await mapper.people()) == 2
    letters = [letter async for letter in mapper.bus.dead_letters("mapper.sync")]
    assert [letter.message.id for letter in letters] == [broken.id]


async def test_a_run_that_came_in_parcels_is_undone_page_by_page(mapper: Mapper) -> None:
    """Every page of a parcel keeps what an undo needs: what its links were, who was new, and between which revisions the run wrote."""
    await mapper.observe([source_user(1), source_user(2)])
    before = await stored(mapper)
    mapper.run_id = uuid4()
    bad = [source_user(1, name="Bad")], [source_user(2, name="Bad"), source_user(3)], [source_user(4)]
    await mapper.publish(*pages_of(mapper, *bad))
    assert len(await mapper.people()) == 4
    undone = await undo(mapper, mapper.run_id)
    assert (undone["conflicts"], undone["outcomes"]) == (0, {"applied": 8})
    assert await stored(mapper) == before
    mapper.run_id = uuid4()
    mapper.told.clear()
    await mapper.publish(*pages_of(mapper, [source_user(1)], [source_user(2), source_user(3)], [source_user(4), source_user(5)]))
    assert answers(mapper) == [{"unchanged": 1}, {"unchanged": 1, "added": 1}, {"added": 2}]
    told = [(one.initial, len(one.changes)) for one in mapper.of("records.changed.v1") if one.record_type == "person"]
    assert sorted(told) == [(False, 1), (True, 2)], "who was removed comes again quietly, on each page"
    mapper.told.clear()
    mapper.run_id = uuid4()
    await mapper.publish(*pages_of(mapper, [source_user(3, name="Zoë")], [source_user(4, name="Zoë")]))
    assert {one.initial for one in mapper.of("records.changed.v1")} == {False}, "but only once"


async def test_each_page_of_a_parcel_says_why_its_records_are_held_back(mapper: Mapper) -> None:
    """Whoever misses somebody asks with an id in hand, and knows nothing of parcels."""
    await mapper.publish(*pages_of(mapper, [source_user(1), source_user(2, email=None)], [source_user(3, email=None)]))
    assert {number: await page_of(mapper, number) for number in (1, 2, 3)} == {1: ("there", None), 2: ("rejected", 1), 3: ("rejected", 2)}
    mapper.run_id = uuid4()
    await mapper.publish(*pages_of(mapper, [source_user(3)], [source_user(1), source_user(2)]))
    assert {number: await page_of(mapper, number) for number in (2, 3)} == {2: ("there", None), 3: ("there", None)}


async def page_of(mapper: Mapper, number: int) -> tuple[str, int | None]:
    """Return the state of a user of the source, and the page that held them back."""
    path = f"/integrations/{mapper.integration_id}/why-not"
    answer = await mapper.call("GET", path, params={"source_id": source_id(number)})
    return answer["state"], answer["page"] if answer["state"] == "rejected" else None


@pytest.mark.parametrize("replayed", [False, True])
async def test_the_number_of_statements_does_not_grow_with_the_pages_of_a_parcel(mapper: Mapper, replayed: bool) -> None:
    """What a page costs beside its records is what a parcel is for."""
    await mapper.observe([source_user(0)])
    numbers = {}
    for count in (2, 12):
        base = count * 1000
        users = [[source_user(base + page * 10 + place) for place in range(10)] for page in range(count)]
        changed = [[{**user, "name": "Other"} for user in page] for page in users]
        numbers[count] = [await statements(mapper, pages, replayed=replayed) for pages in (users, users, changed)]
    assert numbers[2] == numbers[12]


async def test_nor_does_it_where_many_are_held_back_or_were_removed_by_an_undo(mapper: Mapper) -> None:
    """A source that is half bad, or read again after an undo, has as many records as any other."""
    await mapper.observe([source_user(0), source_user(9, email=None)])
    numbers = {}
    for count in (2, 12):
        base = count * 1000
        users = [[source_user(base + page * 10 + place) for place in range(10)] for page in range(count)]
        half = [[{**user, "email": None} if place % 2 else user for place, user in enumerate(page)] for page in users]
        async with mapper.units.begin() as unit:
            await unmake(unit.session, mapper.integration_id, uuid4(), [user["id"] for page in users for user in page])
        numbers[count] = [await statements(mapper, pages) for pages in (half, half, users)]
    assert numbers[2] == numbers[12]


async def statements(mapper: Mapper, users: list[list[dict[str, Any]]], **changes: Any) -> int:
    """Apply pages in a unit of their own; return how many statements that took."""
    count = 0
    mapper.run_id = uuid4()

    def counting(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal count
        count += "outbox" not in statement and not statement.startswith("BEGIN")

    async with mapper.units.begin() as unit:
        # Its own connection alone: whatever else the service does meanwhile is not the parcel's.
        connection = (await unit.session.connection()).sync_connection
        event.listen(connection, "before_cursor_execute", counting)
        await apply_pages(unit, pages_of(mapper, *users, **changes))
        event.remove(connection, "before_cursor_execute", counting)
    await mapper.drain()
    return count
