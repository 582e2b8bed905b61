"""The tray: an admin releases or discards; a release is made once, with the evidence that was kept, as any loss is."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from mapper.tables import LINKS, WITHHELD
from shared.clock import now
from tests.support.guard import decide, gone, hired, leave, missing, requested, source_id, tray
from tests.support.mapper import Mapper, source_user

SIX = range(1, 7)


async def test_a_released_absence_is_made_with_its_proof_in_the_name_of_who_released_it(mapper: Mapper) -> None:
    """The timeline must say who let it through, and on what evidence."""
    users = await hired(mapper, 8)
    await gone(mapper, *SIX)
    entries = await tray(mapper)
    chosen = [entry["id"] for entry in entries[:2]]
    assert await decide(mapper, "release", ids=chosen) == {"released": 2, "moot": 0, "refused": 0, "reasons": []}
    assert await missing(mapper) == {1, 2}
    newest = (await mapper.timeline(users[0]["person_id"]))[-1]
    assert (newest["kind"], newest["proof"]["status"]) == ("missing", 404)
    assert (newest["cause"]["kind"], newest["cause"]["actor"]) == ("user", "admin")
    assert newest["cause"]["detail"] == "released what was withheld of Sophos users"
    assert [(entry["decided_by"], entry["id"]) for entry in await tray(mapper, state="released")] == [("admin", one) for one in chosen]
    change = mapper.last("records.changed.v1")
    assert (change.initial, [one.kind for one in change.changes]) == (False, ["missing", "missing"]), "it starts workflows as any other"


async def test_a_whole_tray_is_released_at_once_and_only_once(mapper: Mapper) -> None:
    """Two admins, the same click: each loss is made once, and the second is told that nothing was left."""
    users = await hired(mapper, 8)
    await gone(mapper, *SIX)
    instance = users[0]["saas_instance_id"]
    answers = await asyncio.gather(*(decide(mapper, "release", saas_instance_id=instance) for _ in range(2)))
    assert sorted(answer["released"] for answer in answers) == [0, 6]
    assert await missing(mapper) == set(SIX)
    assert {user["revision"] for user in (await mapper.saas_users())} == {1, 2}
    assert await gone(mapper, 7) == (1, 0), "what somebody answered for is not counted against the next leaver"


async def test_old_evidence_is_refused_unless_it_is_forced(mapper: Mapper) -> None:
    """Much may have happened at the source since: the next run renews the proof."""
    await hired(mapper, 8)
    await gone(mapper, *SIX)
    async with mapper.units.begin() as unit:
        two = [source_id(1), source_id(2)]
        await unit.session.execute(update(WITHHELD).where(WITHHELD.c.source_id.in_(two)).values(proven_at=now() - timedelta(hours=25)))
        await unit.session.execute(update(LINKS).where(LINKS.c.source_id.in_(two)).values(last_observed_at=now() - timedelta(hours=26)))
    ids = [entry["id"] for entry in await tray(mapper)]
    answer = await decide(mapper, "release", ids=ids)
    assert (answer["released"], answer["refused"]) == (4, 2)
    assert {reason["code"] for reason in answer["reasons"]} == {"evidence_too_old"}
    assert "again" in answer["reasons"][0]["remedy"]
    await gone(mapper, 1)
    left = [entry["id"] for entry in await tray(mapper)]
    assert (await decide(mapper, "release", ids=left))["released"] == 1
    assert (await decide(mapper, "release", ids=[entry["id"] for entry in await tray(mapper)], force=True))["released"] == 1
    assert await missing(mapper) == set(SIX)


async def test_a_discarded_loss_changes_nothing_and_may_be_said_again(mapper: Mapper) -> None:
    """Whoever discards answers this proof, not every later one."""
    users = await hired(mapper, 8)
    await gone(mapper, *SIX)
    assert await decide(mapper, "discard", saas_instance_id=users[0]["saas_instance_id"]) == {"discarded": 6}
    assert (await tray(mapper), await missing(mapper)) == ([], set())
    assert await gone(mapper, *SIX) == (0, 6)
    assert len(await tray(mapper)) == 6
    assert len(mapper.of("records.withheld.v1")) == 2, "a tray that was empty is told"


async def test_a_released_deactivation_is_made_as_the_step_had_asked(mapper: Mapper) -> None:
    """With the step's proof; a second request of the same workflow finds it done."""
    users = await hired(mapper, 8)
    ids = [user["id"] for user in users]
    proof = {"status": 404, "asked_at": now().isoformat()}
    rule = {"field": "email", "operator": "is_not_empty"}
    assert set(await requested(mapper, "deactivate", ids[:6], proof=proof, rule=rule)) == {"withheld_by_guard"}
    answer = mapper.last("records.changes.applied.v1").answers[0]
    assert "release" in answer.remedy
    (entry,) = await tray(mapper, limit=1)
    assert (entry["rule"], entry["cause"]["detail"]) == (rule, "Leavers · Sophos roles")
    assert (await decide(mapper, "release", ids=[entry["id"]]))["released"] == 1
    newest = (await mapper.timeline(users[0]["person_id"]))[-1]
    assert (newest["kind"], newest["proof"], newest["cause"]["actor"]) == ("deactivated", proof, "admin")
    assert await requested(mapper, "deactivate", ids[:1]) == ["unchanged"]


async def test_a_released_deletion_is_a_leave_for_the_next_step_that_asks(mapper: Mapper) -> None:
    """The deletion is the workflow's to make; it is good for one step, and for a day."""
    ids = [user["id"] for user in await hired(mapper, 8)]
    keys = [str(uuid4()) for _ in ids]
    assert await leave(mapper, *ids, keys=keys) == ["withheld"] * 8
    entries = await tray(mapper)
    assert {entry["kind"] for entry in entries} == {"deleted_in_source"}
    assert (await decide(mapper, "release", ids=[entries[0]["id"], entries[1]["id"]]))["released"] == 2
    assert await leave(mapper, ids[0], keys=["again"]) == ["allowed"]
    assert await leave(mapper, ids[0], keys=["again"]) == ["allowed"], "the same step, told twice"
    async with mapper.units.begin() as unit:
        await unit.session.execute(update(WITHHELD).values(decided_at=now() - timedelta(hours=25)))
    assert await leave(mapper, ids[1], keys=["late"]) == ["withheld"]
    await decide(mapper, "discard", ids=[entries[2]["id"]])
    assert await leave(mapper, ids[2], keys=[keys[2]]) == ["withheld"], "the discarded step stays discarded"


async def test_what_has_become_of_a_record_meanwhile_is_respected(mapper: Mapper) -> None:
    """Deleted by a workflow, or seen again in the very moment: a release must not write over it."""
    users = await hired(mapper, 8)
    await gone(mapper, *SIX)
    assert await requested(mapper, "mark_deleted_in_source", [users[0]["id"]]) == ["applied"]
    assert len(await tray(mapper)) == 5
    await mapper.observe([source_user(2)])
    async with mapper.units.begin() as unit:
        await unit.session.execute(update(WITHHELD).values(state="held"))
    answer = await decide(mapper, "release", saas_instance_id=users[0]["saas_instance_id"])
    assert (answer["released"], answer["moot"]) == (4, 2)
    assert await missing(mapper) == {3, 4, 5, 6}


async def test_the_tray_is_listed_in_pages_and_by_what_is_asked(mapper: Mapper) -> None:
    """Thousands may be in it."""
    await hired(mapper, 8)
    await gone(mapper, *SIX)
    first = await mapper.call("GET", "/withheld", params={"state": "held", "limit": 4, "count": True})
    second = await mapper.call("GET", "/withheld", params={"state": "held", "limit": 4, "cursor": first["next_cursor"]})
    assert (first["total"], len(first["items"]), len(second["items"]), second["next_cursor"]) == (6, 4, 2, None)
    assert [UUID(entry["source_id"]).int for entry in first["items"] + second["items"]] == sorted(SIX)
    assert await tray(mapper, kind="deactivated") == []
    assert await tray(mapper, integration_id=str(uuid4())) == []
    assert (await mapper.answer("GET", "/withheld", params={"cursor": "nonsense"})).json()["code"] == "bad_cursor"
    both = {"ids": [str(uuid4())], "saas_instance_id": str(uuid4())}
    assert (await mapper.answer("POST", "/withheld/release", json=both)).status_code == 422
    assert (await mapper.answer("POST", "/withheld/release", json={})).status_code == 422


@pytest.mark.parametrize("what", ["release", "discard"])
async def test_naming_what_is_not_held_is_refused_and_decides_nothing(mapper: Mapper, what: str) -> None:
    """A list of ids that is out of date must not half succeed, nor look like a success of nothing."""
    await hired(mapper, 8)
    await gone(mapper, *SIX)
    ids = [entry["id"] for entry in await tray(mapper)]
    await decide(mapper, "discard", ids=ids[:1])
    unknown = str(uuid4())
    first = await mapper.answer("POST", f"/withheld/{what}", json={"ids": [ids[1], unknown, ids[0]]})
    assert (first.status_code, first.json()["code"]) == (404, "not_in_tray")
    assert [problem["field"] for problem in first.json()["fields"]] == ["ids.1", "ids.2"]
    assert unknown in first.json()["fields"][0]["message"]
    assert "discarded by admin" in first.json()["fields"][1]["message"]
    second = await mapper.answer("POST", f"/withheld/{what}", json={"ids": [ids[1], ids[0]]})
    assert (second.status_code, second.json()["code"]) == (409, "decided_already")
    assert [problem["field"] for problem in second.json()["fields"]] == ["ids.1"]
    assert second.json()["remedy"]
    assert (len(await tray(mapper)), await missing(mapper)) == (5, set())
