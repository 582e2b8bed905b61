"""Two people who are one: merged with all that is theirs, and two again when that was wrong."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from mapper.tables import ASSETS, KEPT_BY_HAND, KEY_VALUES, MERGES, TOMBSTONES
from tests.integration.mapper.test_assets import DEVICES, device, show_devices, show_users
from tests.integration.mapper.test_assets import MAPPING as OF_DEVICES
from tests.support.guard import source_id
from tests.support.mapper import Mapper, source_user
from tests.support.undo import another, run, stored, undo


async def two(mapper: Mapper, **more: Any) -> tuple[Mapper, dict[str, Any], dict[str, Any]]:
    """Let two integrations each know one person; return the second integration, and both people."""
    await mapper.observe([source_user(1, name="Ada", source={"type": "custom"})])
    other = await another(mapper)
    await other.observe([source_user(2, name="Ada L.", **more)])
    return other, await by(mapper, 1), await by(mapper, 2)


async def by(mapper: Mapper, number: int) -> dict[str, Any]:
    """Return the person with the address of a source user."""
    return dict(await mapper.call("GET", f"/people/by/email/zoe.{number}@example.com"))


async def merge(mapper: Mapper, kept: dict[str, Any], merged: dict[str, Any], *, expect: int | None = None, **more: Any) -> dict[str, Any]:
    """Merge, unless only a plan is asked for."""
    body = {"merge_id": merged["id"], "mode": "apply", **more}
    return dict(await mapper.call("POST", f"/people/{kept['id']}/merge", json=body, expect=expect))


async def unmerge(mapper: Mapper, done: dict[str, Any], *, expect: int | None = None, mode: str = "apply") -> dict[str, Any]:
    """Take a merge back."""
    return dict(await mapper.call("POST", f"/merges/{done['id']}/unmerge", json={"mode": mode}, expect=expect))


async def everything(mapper: Mapper) -> dict[str, Any]:
    """Return all that a merge may touch, but for histories and times of writing."""
    async with mapper.database.reading() as session:
        more = {
            "keys": {(row.key, row.value, str(row.record_id)) for row in await session.execute(select(KEY_VALUES))},
            "by hand": {(str(row.record_id), row.key, str(row.value), row.by) for row in await session.execute(select(KEPT_BY_HAND))},
            "assets": {str(row.id): (str(row.person_id), row.fields) for row in await session.execute(select(ASSETS))},
            "tombstones": {row.source_id: (row.person_id, row.saas_user_id) for row in await session.execute(select(TOMBSTONES))},
        }
    archived = {one["id"]: (one["created_at"], one["archived_at"]) for one in await mapper.people()}
    return {**await stored(mapper), **more, "people's own": archived}


async def test_all_that_is_theirs_goes_with_them_and_their_id_says_where(mapper: Mapper) -> None:
    """Nobody should look for the one who is gone in vain."""
    _, kept, merged = await two(mapper)
    await mapper.call("PATCH", f"/people/{kept['id']}", json={"add": {"tags": ["vip"]}})
    await mapper.call("PATCH", f"/people/{merged['id']}", json={"add": {"tags": ["board"]}})
    planned = await merge(mapper, kept, merged, mode="plan")
    assert (planned["id"], planned["state"], len(await mapper.people())) == (None, "planned", 2)
    done = await merge(mapper, kept, merged, note="One and the same")
    assert (done["fields"], done["moved"]) == (planned["fields"], planned["moved"])
    (person,) = await mapper.people()
    assert (person["fields"]["full_name"], person["fields"]["tags"]) == ("Ada", ["vip", "board"])
    assert [user["fields"]["person_id"] for user in await mapper.saas_users()] == [kept["id"], kept["id"]]
    for method, path in (("GET", ""), ("GET", "/timeline"), ("GET", "/saas-users"), ("POST", "/archive")):
        answer = await mapper.call(method, f"/people/{merged['id']}{path}", expect=404)
        assert (answer["code"], answer["merged_into"]) == ("person_merged", kept["id"])
    for method, path, sent in (("PATCH", "", {"fields": {"full_name": "x"}}), ("GET", "/fields/full_name/why", None)):
        answer = await mapper.call(method, f"/people/{merged['id']}{path}", json=sent, expect=404)
        assert (answer["code"], answer["merged_into"]) == ("person_merged", kept["id"])
    then = await mapper.call("GET", f"/people/{merged['id']}", params={"as_of": merged["updated_at"]})
    assert then["fields"]["full_name"] == "Ada L.", "what they were can still be looked up"
    assert "merged" in [one["kind"] for one in await mapper.timeline(kept["id"])]
    (listed,) = (await mapper.call("GET", "/merges", params={"person_id": merged["id"]}))["items"]
    assert (listed["id"], listed["note"], listed["by"]) == (done["id"], "One and the same", "admin")


async def test_later_runs_of_both_sources_write_the_one_who_stayed(mapper: Mapper) -> None:
    """Merged once, they must not be two again with the next run."""
    other, kept, merged = await two(mapper)
    await merge(mapper, kept, merged)
    assert (await other.observe([source_user(2, name="Ada Lovelace")]))["updated"] == 1
    (person,) = await mapper.people()
    assert (person["id"], person["fields"]["full_name"]) == (kept["id"], "Ada Lovelace")
    assert person["fields"]["email"] == "zoe.2@example.com", "each source updates what it maps"


async def test_no_workflow_starts_because_of_a_merge(mapper: Mapper) -> None:
    """Whoever is merged has not left."""
    _, kept, merged = await two(mapper)
    before = len(mapper.of("records.changed.v1"))
    await unmerge(mapper, await merge(mapper, kept, merged))
    await mapper.drain()
    told = mapper.of("records.changed.v1")[before:]
    assert told
    assert all(one.initial for one in told)


async def test_what_sources_said_meanwhile_goes_back_to_the_right_one(mapper: Mapper) -> None:
    """A source of the one who went speaks of them, and anybody else of the one who stayed."""
    other, kept, merged = await two(mapper)
    done = await merge(mapper, kept, merged)
    await other.observe([source_user(2, name="Ada Two")])
    await mapper.call("PATCH", f"/people/{kept['id']}", json={"fields": {"first_name": "Augusta"}})
    planned = await unmerge(mapper, done, mode="plan")
    taken_back = await unmerge(mapper, done)
    assert planned["given_back"] == taken_back["given_back"]
    goes = {one["field"]: (one["goes_to"], one["value"]) for one in taken_back["given_back"]}
    assert (goes["full_name"], goes["first_name"]) == (("merged", "Ada Two"), ("kept", "Augusta"))
    first, second = [await mapper.call("GET", f"/people/{which['id']}") for which in (kept, merged)]
    assert (first["fields"]["full_name"], first["fields"]["first_name"], first["fields"]["email"]) == (
        "Ada",
        "Augusta",
        "zoe.1@example.com",
    )
    assert (second["fields"]["full_name"], second["fields"]["email"]) == ("Ada Two", "zoe.2@example.com")
    assert "first_name" not in second["fields"] or second["fields"]["first_name"] is None
    assert (await other.observe([source_user(2, name="Ada Two")]))["added"] == 0
    assert len(await mapper.people()) == 2
    assert (await unmerge(mapper, done, expect=409))["code"] == "cannot_unmerge"


async def test_a_user_who_is_gone_at_the_source_gives_way_to_the_one_who_is_there(mapper: Mapper) -> None:
    """So it is when somebody was renamed upstream with a new id: the old user is missing, the new one is somebody new."""
    await mapper.observe([source_user(1)])
    await mapper.observe([source_user(2)])
    kept, merged = await by(mapper, 1), await by(mapper, 2)
    refused = await merge(mapper, kept, merged, expect=409)
    assert refused["code"] == "cannot_merge"
    assert {one["field"] for one in refused["fields"]} == {"links", "saas_users"}
    await mapper.publish(mapper.absent(source_id(1)))
    before = await everything(mapper)
    done = await merge(mapper, kept, merged)
    (user,) = await mapper.saas_users()
    assert (user["fields"]["source_id"], user["fields"]["person_id"]) == (source_id(2), kept["id"])
    assert (await mapper.observe([source_user(2)]))["unchanged"] == 1
    await unmerge(mapper, done)
    assert await everything(mapper) == before


async def test_devices_follow_and_come_back(mapper: Mapper) -> None:
    """A merge that forgot the laptop would leave it with nobody."""
    await mapper.call("PUT", f"/integrations/{DEVICES}/mapping", json=OF_DEVICES)
    await show_users(mapper, 2)
    await show_devices(mapper, device(1, person=2))
    other = await another(mapper)
    await other.observe([source_user(1)])
    kept, merged = await by(mapper, 1), await by(mapper, 2)
    before = await everything(mapper)
    done = await merge(mapper, kept, merged)
    assert done["moved"]["assets"] == 1
    assert [one["person_id"] for one in (await mapper.call("GET", "/assets"))["items"]] == [kept["id"]]
    await show_devices(mapper, device(1, person=2))
    assert [one["person_id"] for one in (await mapper.call("GET", "/assets"))["items"]] == [kept["id"]]
    await unmerge(mapper, done)
    assert await everything(mapper) == before


async def test_merges_are_taken_back_in_their_order(mapper: Mapper) -> None:
    """What a later merge brought is not the earlier one's to give back."""
    _, kept, merged = await two(mapper)
    third = await another(mapper)
    await third.observe([source_user(3)])
    before = await everything(mapper)
    first = await merge(mapper, kept, merged)
    between = await everything(mapper)
    second = await merge(mapper, kept, await by(mapper, 3))
    assert (await unmerge(mapper, first, expect=409))["code"] == "cannot_unmerge"
    await unmerge(mapper, second)
    assert await everything(mapper) == between
    await unmerge(mapper, first)
    assert await everything(mapper) == before


async def test_a_chain_of_merges_leads_to_whoever_is_there(mapper: Mapper) -> None:
    """Somebody keeps an old id for years."""
    _, kept, merged = await two(mapper)
    third = await another(mapper)
    await third.observe([source_user(3)])
    last = await by(mapper, 3)
    first = await merge(mapper, kept, merged)
    await merge(mapper, last, await by(mapper, 1))
    answer = await mapper.call("GET", f"/people/{merged['id']}", expect=404)
    assert answer["merged_into"] == last["id"]
    assert (await unmerge(mapper, first, expect=404))["merged_into"] == last["id"]


async def test_an_address_that_somebody_took_meanwhile_is_named_and_nothing_happens(mapper: Mapper) -> None:
    """Half a person would be worse than one too few."""
    _, kept, merged = await two(mapper)
    done = await merge(mapper, kept, merged)
    values = {"username": "zoe.2@example.com", "email": "zoe.2@example.com", "full_name": "New", "role": "Employee"}
    await mapper.call("POST", "/people", json={"fields": values})
    before = await everything(mapper)
    refused = await unmerge(mapper, done, expect=409)
    assert (refused["code"], {one["field"] for one in refused["fields"]}) == ("value_taken", {"username", "email"})
    assert await everything(mapper) == before


async def test_undoing_a_run_of_before_leaves_the_merged_alone(mapper: Mapper) -> None:
    """What somebody decided since stays, as with every undo."""
    await mapper.observe([source_user(1)])
    other = await another(mapper)
    created = await run(other, [source_user(2)])
    kept, merged = await by(mapper, 1), await by(mapper, 2)
    done = await merge(mapper, kept, merged)
    between = await everything(mapper)
    undone = await undo(mapper, created)
    assert undone["conflicts"] > 0
    assert await everything(mapper) == between
    await unmerge(mapper, done)
    assert len(await mapper.people()) == 2


async def test_whoever_is_anonymised_leaves_nothing_in_merges_and_stays_one(mapper: Mapper) -> None:
    """What both were is personal, too."""
    _, kept, merged = await two(mapper)
    done = await merge(mapper, kept, merged)
    await mapper.call("POST", f"/people/{kept['id']}/anonymise", json={"confirm": kept["fields"]["username"]})
    async with mapper.database.reading() as session:
        assert await session.scalar(select(MERGES.c.before)) is None
    then = await mapper.call("GET", f"/people/{merged['id']}", params={"as_of": merged["updated_at"]})
    assert not any(then["fields"].values())
    assert (await unmerge(mapper, done, expect=409))["code"] == "cannot_unmerge"


async def test_a_hand_edit_that_is_kept_is_so_again_when_both_are_two(mapper: Mapper) -> None:
    """Else the next run would write over what somebody holds."""
    await mapper.call("PUT", "/authority/person/full_name", json={"sources": [], "hand": "keep"})
    other, kept, merged = await two(mapper)
    await mapper.call("PATCH", f"/people/{merged['id']}", json={"fields": {"full_name": "Countess"}})
    before = await everything(mapper)
    await unmerge(mapper, await merge(mapper, kept, merged))
    assert (await everything(mapper))["by hand"] == before["by hand"] != set()
    await other.observe([source_user(2, name="Somebody else")])
    assert (await by(mapper, 2))["fields"]["full_name"] == "Countess"


@pytest.mark.parametrize("which", ["themselves", "nobody", "archived"])
async def test_a_merge_that_makes_no_sense_is_refused(mapper: Mapper, which: str) -> None:
    """Each refusal says what is wrong, and changes nothing."""
    _, kept, merged = await two(mapper)
    if which == "archived":
        await mapper.call("POST", f"/people/{merged['id']}/archive")
    other, expect = {"themselves": (kept, 422), "nobody": ({"id": str(uuid4())}, 404), "archived": (merged, 409)}[which]
    before = await everything(mapper)
    await merge(mapper, kept, other, expect=expect)
    assert await everything(mapper) == before


async def test_why_says_that_a_merge_brought_a_value(mapper: Mapper) -> None:
    """Tags of both stand on the one who stays, and again on the one who went: no run and no hand wrote them there."""
    _, kept, merged = await two(mapper)
    await mapper.call("PATCH", f"/people/{merged['id']}", json={"add": {"tags": ["board"]}})
    done = await merge(mapper, kept, merged)
    answer = await mapper.call("GET", f"/people/{kept['id']}/fields/tags/why")
    assert (answer["answer"], answer["value"], answer["change"]["cause"]["id"]) == ("set", ["board"], done["id"])
    assert "admin brought it: merged by hand" in answer["says"]
    await unmerge(mapper, done)
    again = await mapper.call("GET", f"/people/{merged['id']}/fields/tags/why")
    assert "admin brought it: merge taken back by hand" in again["says"]
