"""The guard: losses above a limit wait in the tray, whole; what is below it, and all that is no loss, goes through."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from mapper.guard.emptying import look
from mapper.tables import LOSSES
from tests.support.guard import decide, gone, hired, leave, missing, requested, source_id, tray
from tests.support.mapper import Mapper, source_user


async def test_a_team_of_five_trips_nothing_and_the_sixth_waits(mapper: Mapper) -> None:
    """Exactly at the limit passes, however small the instance is."""
    await hired(mapper, 8)
    assert await gone(mapper, 1, 2, 3, 4, 5) == (5, 0)
    assert await gone(mapper, 6) == (0, 1)
    assert await missing(mapper) == {1, 2, 3, 4, 5}


async def test_a_batch_that_would_cross_the_limit_is_withheld_whole(mapper: Mapper) -> None:
    """Half of a wrong answer is as wrong as all of it; and nothing about the records changes."""
    users = await hired(mapper, 8)
    assert await gone(mapper, 1, 2, 3, 4, 5, 6) == (0, 6)
    assert await mapper.saas_users(sort="source_id") == sorted(users, key=lambda user: str(user["fields"]["source_id"]))
    entries = await tray(mapper)
    assert {entry["record_id"] for entry in entries} == {user["id"] for user in users[:6]}
    assert entries[0]["email"] == "zoe.1@example.com"
    assert (entries[0]["proof"]["status"], entries[0]["cause"]["detail"]) == (404, "Sophos users")
    assert entries[0]["crossed"] == {"window": "24 hours", "limit": 5, "living": 8, "before": 0, "asked": 6}
    assert (await mapper.observe([source_user(1, name="Still changed")]))["updated"] == 1


async def test_the_share_counts_where_an_instance_is_large(mapper: Mapper) -> None:
    """5 % of 200 are 10: who was lost within the window still counts among those of whom it is a share."""
    await hired(mapper, 200)
    assert await gone(mapper, *range(1, 7)) == (6, 0)
    assert await gone(mapper, *range(7, 11)) == (4, 0)
    assert await gone(mapper, 11) == (0, 1)
    (entry,) = await tray(mapper)
    assert entry["crossed"] == {"window": "24 hours", "limit": 10, "living": 200, "before": 10, "asked": 1}


async def test_a_slow_leak_meets_the_limit_of_the_week(mapper: Mapper) -> None:
    """Five a day pass each day's limit; the eleventh of a week does not."""
    await hired(mapper, 30)
    for day, numbers in enumerate(([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11])):
        assert await gone(mapper, *numbers) == ((len(numbers), 0) if day < 2 else (0, 1))
        await _days_pass(mapper, 2)
    assert (await tray(mapper))[0]["crossed"]["window"] == "7 days"
    await _days_pass(mapper, 8)
    assert await gone(mapper, 12) == (1, 0), "windows move: what is long ago counts no more"


async def test_syncs_and_workflows_are_counted_together(mapper: Mapper) -> None:
    """Three missing, two deactivated, and neither knows of the other: the next deletion is the sixth loss of the day."""
    users = await hired(mapper, 9)
    ids = [user["id"] for user in users]
    assert await gone(mapper, 1, 2, 3) == (3, 0)
    assert await requested(mapper, "deactivate", ids[3:5]) == ["applied", "applied"]
    assert await leave(mapper, ids[5]) == ["withheld"]
    assert await requested(mapper, "deactivate", ids[6:8]) == ["withheld_by_guard", "withheld_by_guard"]
    assert await requested(mapper, "set_fields", ids[8:9], fields={"deactivated": True}) == ["withheld_by_guard"]
    assert not any(user["fields"]["deactivated"] for user in await mapper.saas_users() if user["id"] in ids[5:])


async def test_a_record_that_is_lost_twice_is_one_record(mapper: Mapper) -> None:
    """Missing, then deactivated, then deleted: one leaver, not three losses."""
    ids = [user["id"] for user in await hired(mapper, 8)]
    await gone(mapper, 1, 2, 3, 4, 5)
    assert await requested(mapper, "deactivate", ids[:5]) == ["applied"] * 5
    assert await leave(mapper, *ids[:5]) == ["allowed"] * 5
    assert await leave(mapper, ids[5]) == ["withheld"]


async def test_what_is_deleted_at_the_source_is_never_withheld(mapper: Mapper) -> None:
    """It is done: a record that hides it would lie. It counts, so that what comes next is weighed rightly."""
    ids = [user["id"] for user in await hired(mapper, 9)]
    assert await requested(mapper, "mark_deleted_in_source", ids[:7]) == ["applied"] * 7
    assert await leave(mapper, ids[7]) == ["withheld"]


async def test_what_waits_in_the_tray_counts_as_if_it_had_happened(mapper: Mapper) -> None:
    """Or the rest of a flood would pass in small portions behind what was withheld of it."""
    await hired(mapper, 20)
    assert await gone(mapper, *range(1, 9)) == (0, 8)
    assert await gone(mapper, 9) == (0, 1)
    assert len(mapper.of("records.withheld.v1")) == 1, "one notice for a tray, however many runs add to it"


async def test_the_same_loss_again_is_the_same_entry_with_newer_evidence(mapper: Mapper) -> None:
    """A run a day must not make an entry a day."""
    await hired(mapper, 8)
    await gone(mapper, 1, 2, 3, 4, 5, 6)
    before = await tray(mapper)
    assert await gone(mapper, 1, 2, 3, 4, 5, 6) == (0, 6)
    after = await tray(mapper)
    assert [entry["id"] for entry in after] == [entry["id"] for entry in before]
    assert after[0]["proven_at"] > before[0]["proven_at"]
    assert after[0]["cause"]["id"] == str(mapper.run_id)
    assert len(mapper.of("records.withheld.v1")) == 1


async def test_who_is_observed_again_leaves_the_tray_by_themselves(mapper: Mapper) -> None:
    """The proof is disproven; but a page that was fetched before it proves nothing."""
    users = await hired(mapper, 8)
    early = mapper.page([source_user(2)])
    await gone(mapper, 1, 2, 3, 4, 5, 6)
    assert await leave(mapper, users[0]["id"]) == ["withheld"], "a deletion is not disproven: that the user is there is its reason"
    await mapper.observe([source_user(1)])
    await mapper.publish(early)
    moot = await tray(mapper, state="moot")
    assert [(entry["record_id"], entry["kind"], entry["decided_by"]) for entry in moot] == [(users[0]["id"], "missing", None)]
    assert len(await tray(mapper)) == 6


async def test_a_redelivered_event_counts_once(mapper: Mapper) -> None:
    """At least once on the wire; once in the book of losses."""
    await hired(mapper, 8)
    mapper.run_id = uuid4()
    event = mapper.absent(*(str(UUID(int=number)) for number in (1, 2, 3)))
    for _ in range(3):
        await mapper.publish(event)
    assert await gone(mapper, 4, 5) == (2, 0)
    key = str(uuid4())
    (user,) = (user for user in await mapper.saas_users() if user["fields"]["email"] == "zoe.5@example.com")
    assert {await _leave_once(mapper, user["id"], key) for _ in range(3)} == {"allowed"}


async def test_two_at_once_do_not_both_pass_just_under_the_limit(mapper: Mapper) -> None:
    """Each sees room for three, together they are six: one of them waits."""
    ids = [user["id"] for user in await hired(mapper, 12)]
    answers = await asyncio.gather(*(leave(mapper, *ids[start : start + 3]) for start in range(0, 12, 3)))
    assert sorted(outcome for outcomes in answers for outcome in outcomes) == ["allowed"] * 3 + ["withheld"] * 9
    assert all(len(set(outcomes)) == 1 for outcomes in answers), "each batch whole"


async def test_instances_and_people_without_one_are_counted_apart(mapper: Mapper) -> None:
    """A flood in one place must not hold up a leaver in another."""
    await hired(mapper, 8)
    await gone(mapper, 1, 2, 3, 4, 5, 6)
    instance_id, mapper.saas_instance_id = mapper.saas_instance_id, None
    mapper.integration_id = uuid4()
    await mapper.ready()
    mapper.saas_instance_id = None
    people = [source_user(number) for number in range(21, 29)]
    await mapper.observe(people)
    assert await gone(mapper, 21, 22, 23, 24, 25) == (5, 0)
    assert await gone(mapper, 26) == (0, 1)
    (entry,) = await tray(mapper, integration_id=str(mapper.integration_id))
    assert (entry["record_type"], entry["saas_instance_id"], entry["email"]) == ("person", None, "zoe.26@example.com")
    assert len(await tray(mapper, saas_instance_id=str(instance_id))) == 6


@pytest.mark.parametrize("kind", ["set_roles", "set_fields"])
async def test_what_is_no_loss_always_goes_through(mapper: Mapper, kind: str) -> None:
    """Creates and updates are never weighed, whatever waits in the tray."""
    ids = [user["id"] for user in await hired(mapper, 12)]
    await gone(mapper, 1, 2, 3, 4, 5, 6)
    more = {"roles": ["User"]} if kind == "set_roles" else {"fields": {"to_be_deleted": True}}
    assert await requested(mapper, kind, ids, **more) == ["applied"] * 12


async def _leave_once(mapper: Mapper, record_id: str, key: str) -> str:
    (outcome,) = await leave(mapper, record_id, keys=[key])
    return outcome


async def _days_pass(mapper: Mapper, days: int) -> None:
    """Let every loss so far be that much older."""
    async with mapper.units.begin() as unit:
        for at in set(await unit.session.scalars(select(LOSSES.c.at))):
            await unit.session.execute(update(LOSSES).where(LOSSES.c.at == at).values(at=at - timedelta(days=days)))


async def test_a_leave_that_was_given_back_counts_no_more(mapper: Mapper) -> None:
    """The source refused the deletion: nobody was lost. What is deleted by now stays counted, whatever is said."""
    ids = [user["id"] for user in await hired(mapper, 12)]
    keys = [str(uuid4()) for _ in range(5)]
    assert await leave(mapper, *ids[:5], keys=keys) == ["allowed"] * 5
    assert await requested(mapper, "mark_deleted_in_source", ids[:1]) == ["applied"]
    back = [{"key": key, "record_id": record_id} for key, record_id in zip(keys[:3], ids[:3], strict=True)]
    await mapper.call("POST", "/guard/leave/back", json={"leaves": back})
    assert await leave(mapper, *ids[5:7]) == ["allowed"] * 2
    assert await leave(mapper, ids[7]) == ["withheld"]


async def test_whoever_deletes_by_hand_is_weighed_by_the_id_at_the_source(mapper: Mapper) -> None:
    """Typed in either case it is the same user; whom no record knows nobody loses here; what is given back is not counted."""
    await hired(mapper, 16)

    async def ask(number: int, *, integration_id: UUID | None = None, upper: bool = False) -> dict[str, Any]:
        known = source_id(number).upper() if upper else source_id(number)
        cause = {"kind": "user", "id": "request", "actor": "ada", "detail": "Delete user"}
        ids = [str(integration_id or mapper.integration_id)]
        given = {"key": f"operation:{number}", "source_id": known, "integration_ids": ids, "cause": cause}
        return dict(await mapper.call("POST", "/guard/leave/by-source", json=given))

    answers = [await ask(number, upper=number % 2 == 0) for number in range(20, 25)]
    assert [(answer["outcome"], answer["leaves"]) for answer in answers] == [("allowed", [])] * 5
    answers = [await ask(number, upper=number % 2 == 0) for number in range(10, 15)]
    assert [(answer["outcome"], len(answer["leaves"])) for answer in answers] == [("allowed", 1)] * 5
    assert (await ask(15))["outcome"] == "withheld"
    assert (await ask(15, integration_id=uuid4()))["outcome"] == "allowed", "another source's user of the same id is nobody's here"
    assert (await ask(14))["outcome"] == "allowed", "the same key is the same leave"
    await mapper.call("POST", "/guard/leave/back", json={"leaves": answers[0]["leaves"]})
    assert (await ask(9))["outcome"] == "withheld", "what waits in the tray counts"
    (first, _) = await tray(mapper)
    await decide(mapper, "release", ids=[first["id"]])
    assert (await ask(15))["outcome"] == "allowed"


async def test_a_tray_that_somebody_has_emptied_is_told_at_once(mapper: Mapper) -> None:
    """Whoever was told that losses wait is told that none do any more, and what became of them; and of the next tray anew."""
    await hired(mapper, 8)
    await gone(mapper, 1, 2, 3, 4, 5, 6)
    first, second, *others = [entry["id"] for entry in await tray(mapper)]
    await decide(mapper, "release", ids=[first])
    await decide(mapper, "discard", ids=[second])
    await mapper.drain()
    assert mapper.of("records.tray.emptied.v1") == []
    await decide(mapper, "release", ids=others)
    await mapper.drain()
    (told,) = mapper.of("records.tray.emptied.v1")
    assert (told.saas_instance_id, told.tray, told.released, told.discarded, told.moot) == (mapper.saas_instance_id, 1, 5, 1, 0)
    assert await look(mapper.units) == 0
    await hired(mapper, 30)
    await gone(mapper, *range(9, 30))
    assert [event.tray for event in mapper.of("records.withheld.v1")] == [1, 2]


async def test_a_tray_that_has_become_empty_by_itself_is_told_once(mapper: Mapper) -> None:
    """Its users were seen again: nobody decides on anything then, and whoever was told must still hear of it."""
    await hired(mapper, 8)
    await gone(mapper, 1, 2, 3, 4, 5, 6)
    await mapper.observe([source_user(number) for number in (1, 2, 3, 4, 5)])
    assert await look(mapper.units) == 0
    await mapper.observe([source_user(6)])
    assert await tray(mapper) == []
    # The service looks, too: whichever comes first tells it.
    await asyncio.gather(*(look(mapper.units) for _ in range(4)))
    await mapper.drain()
    (told,) = mapper.of("records.tray.emptied.v1")
    assert (told.tray, told.released, told.discarded, told.moot) == (1, 0, 0, 6)


async def test_a_tray_that_is_filled_again_before_its_end_was_told_stays(mapper: Mapper) -> None:
    """What is told late of the one before must not hide the one that somebody has to look at."""
    await hired(mapper, 8)
    await gone(mapper, 1, 2, 3, 4, 5, 6)
    await mapper.observe([source_user(number) for number in range(1, 7)])
    await gone(mapper, 1, 2, 3, 4, 5, 6)
    await look(mapper.units)
    await mapper.drain()
    assert [event.tray for event in mapper.of("records.withheld.v1")] == [1, 2]
    assert [event.tray for event in mapper.of("records.tray.emptied.v1")] in ([], [1])
