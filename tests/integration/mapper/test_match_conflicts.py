"""Records whose keys name several people: nobody guesses, somebody settles it, and later runs follow."""

from typing import Any
from uuid import UUID, uuid4

from shared.events.sources import PlannedPageApproved
from tests.integration.mapper.test_sync_keys import NAME_AND_CITY, another_source, with_keys
from tests.support.guard import source_id
from tests.support.mapper import MAPPING, Mapper, source_user

NAMES_TWO = source_user(9, email="zoe.1@example.com", login="zoe.2@example.com")
BOTH = {"targets": {**MAPPING["targets"], "username": {"kind": "source", "path": "login"}}, "sync_keys": ["email", "username"]}  # type: ignore[dict-item]


async def named_by_two_keys(mapper: Mapper) -> dict[str, Any]:
    """Let a record name one person by its address and another one by its login; return the conflict."""
    await mapper.observe([source_user(1), source_user(2)])
    another_source(mapper)
    await mapper.ready(**BOTH)
    counts = await mapper.observe([NAMES_TWO])
    assert counts == {**dict.fromkeys(counts, 0), "failed": 1}, "the books count it as an error of the run"
    (found,) = (await mapper.call("GET", "/match-conflicts", params={"state": "open"}))["items"]
    return dict(found)


async def person_of(mapper: Mapper, email: str) -> dict[str, Any]:
    """Return the person with this address."""
    return dict(await mapper.call("GET", f"/people/by/email/{email}"))


async def why_not(mapper: Mapper) -> dict[str, Any]:
    """Ask what became of the record that names two."""
    path = f"/integrations/{mapper.integration_id}/why-not"
    return dict(await mapper.call("GET", path, params={"source_id": source_id(9)}))


async def settle(mapper: Mapper, conflict: dict[str, Any], decision: str, *, expect: int | None = None, **more: Any) -> dict[str, Any]:
    """Settle a conflict."""
    body = {"decision": decision, **more}
    return dict(await mapper.call("POST", f"/match-conflicts/{conflict['id']}/settle", json=body, expect=expect))


async def test_two_people_named_by_two_keys_are_a_conflict_with_all_that_is_needed_to_settle_it(mapper: Mapper) -> None:
    """Whoever settles it needs to see the record, and both people, and which key names whom."""
    conflict = await named_by_two_keys(mapper)
    first, second = await person_of(mapper, "zoe.1@example.com"), await person_of(mapper, "zoe.2@example.com")
    assert [(one["record_id"], one["keys"], one["name"]) for one in conflict["candidates"]] == [
        (first["id"], ["email"], "Żoë 1"),
        (second["id"], ["username"], "Żoë 2"),
    ]
    assert (conflict["record"], conflict["run_id"], conflict["decision"]) == (NAMES_TWO, str(mapper.run_id), None)
    assert (first["revision"], second["revision"]) == (1, 1), "nothing was written"
    why = await why_not(mapper)
    assert (why["state"], why["conflict_id"], why["code"]) == ("conflict", conflict["id"], "match_conflict")
    assert mapper.last("sync.page.applied.v1").rejections[0].code == "match_conflict"


async def test_the_one_who_is_chosen_is_followed_by_later_runs_and_by_a_replay(mapper: Mapper) -> None:
    """The decision is remembered for the source's id."""
    conflict = await named_by_two_keys(mapper)
    second = await person_of(mapper, "zoe.2@example.com")
    settled = await settle(mapper, conflict, "choose", record_id=second["id"], note="Same badge")
    assert (settled["state"], settled["decided_by"], settled["record"], settled["followed"]) == ("settled", "admin", None, False)
    assert (await mapper.observe([NAMES_TWO]))["failed"] == 1, "the address is still that of somebody else"
    assert mapper.last("sync.page.applied.v1").rejections[0].code == "value_taken"
    mended = {**NAMES_TWO, "email": "zoe.new@example.com", "login": "zoe.new@example.com"}
    assert (await mapper.observe([mended], replayed=True))["updated"] == 1
    after = await mapper.call("GET", f"/people/{second['id']}")
    assert (after["fields"]["username"], len(await mapper.people())) == ("zoe.new@example.com", 2)
    assert (await mapper.call("GET", f"/match-conflicts/{conflict['id']}"))["followed"] is True
    refused = await mapper.call("POST", f"/match-conflicts/{conflict['id']}/reopen", expect=409)
    assert refused["code"] == "decision_followed"


async def test_who_is_ignored_is_skipped_until_it_is_reopened(mapper: Mapper) -> None:
    """The books count it as skipped, and why not says who decided so."""
    conflict = await named_by_two_keys(mapper)
    await settle(mapper, conflict, "ignore")
    why = await why_not(mapper)
    assert (why["state"], why["remedy"].split(":")[0]) == ("conflict", "It is settled"), "no run has followed yet"
    assert (await mapper.observe([NAMES_TWO]))["skipped"] == 1
    why = await why_not(mapper)
    assert (why["state"], why["conflict_id"]) == ("ignored", conflict["id"])
    reopened = await mapper.call("POST", f"/match-conflicts/{conflict['id']}/reopen")
    assert (reopened["state"], reopened["decision"]) == ("open", None)
    why = await why_not(mapper)
    assert (why["state"], why["code"], why["remedy"].split(":")[0]) == ("conflict", "match_conflict", "Settle the conflict")
    assert "different records" in why["says"]
    assert (await mapper.observe([NAMES_TWO]))["failed"] == 1
    (again,) = (await mapper.call("GET", "/match-conflicts", params={"integration_id": str(mapper.integration_id)}))["items"]
    assert (again["id"], again["record"]) == (conflict["id"], NAMES_TWO)


async def test_a_new_person_is_made_only_where_that_is_possible(mapper: Mapper) -> None:
    """Who has a unique value cannot be doubled; who shares a name with somebody can."""
    conflict = await named_by_two_keys(mapper)
    refused = await settle(mapper, conflict, "create", expect=409)
    assert (refused["code"], refused["fields"][0]["field"]) == ("cannot_be_chosen", "decision")
    another_source(mapper)
    await with_keys(mapper, NAME_AND_CITY)
    twins = [source_user(20, name="Jo", city="Ulm"), source_user(21, name="Jo", city="Ulm")]
    assert (await mapper.observe(twins))["failed"] == 1
    (found,) = (await mapper.call("GET", "/match-conflicts", params={"integration_id": str(mapper.integration_id)}))["items"]
    (candidate,) = found["candidates"]
    assert (candidate["keys"], candidate["linked_source_id"]) == (["full_name and city"], source_id(20))
    refused = await settle(mapper, found, "choose", record_id=candidate["record_id"], expect=409)
    assert "is this one already" in refused["fields"][0]["message"]
    await settle(mapper, found, "create")
    assert (await mapper.observe(twins))["added"] == 1
    jos = [one for one in await mapper.people() if one["fields"]["full_name"] == "Jo"]
    assert sorted(one["fields"]["email"] for one in jos) == ["zoe.20@example.com", "zoe.21@example.com"]


async def test_a_conflict_is_gone_with_its_cause(mapper: Mapper) -> None:
    """Nobody should settle what has settled itself."""
    conflict = await named_by_two_keys(mapper)
    assert (await mapper.observe([{**NAMES_TWO, "login": "zoe.1@example.com"}]))["updated"] == 1
    await mapper.call("GET", f"/match-conflicts/{conflict['id']}", expect=404)


async def test_an_answer_that_nobody_can_follow_is_refused_and_changes_nothing(mapper: Mapper) -> None:
    """Each refusal names what is wrong."""
    conflict = await named_by_two_keys(mapper)
    stranger = await settle(mapper, conflict, "choose", record_id=str(uuid4()), expect=409)
    assert stranger["fields"][0]["field"] == "record_id"
    await settle(mapper, conflict, "choose", expect=422)
    await settle(mapper, conflict, "ignore", record_id=str(uuid4()), expect=422)
    await settle(mapper, {"id": uuid4()}, "ignore", expect=404)
    await settle(mapper, conflict, "ignore")
    assert (await settle(mapper, conflict, "ignore", expect=409))["code"] == "conflict_settled"


async def test_a_plan_shows_conflicts_and_keeps_none_until_it_is_applied(mapper: Mapper) -> None:
    """A plan writes nothing."""
    await mapper.observe([source_user(1), source_user(2)])
    another_source(mapper)
    await mapper.ready(**BOTH)
    assert (await mapper.observe([NAMES_TWO], mode="plan"))["failed"] == 1
    assert (await mapper.call("GET", "/match-conflicts"))["items"] == []
    (item,) = (await mapper.call("GET", f"/plans/{mapper.run_id}/items"))["items"]
    assert (item["action"], item["problem"]["code"], len(item["problem"]["candidates"])) == ("reject", "match_conflict", 2)
    planned, mapper.run_id = mapper.run_id, uuid4()
    provenance = mapper.provenance(plan_run_id=planned)
    await mapper.publish(PlannedPageApproved(provenance=provenance, plan_run_id=planned, page=1, records=1))
    (conflict,) = (await mapper.call("GET", "/match-conflicts"))["items"]
    assert len(conflict["candidates"]) == 2


async def test_whoever_is_anonymised_is_in_no_conflict_any_more(mapper: Mapper) -> None:
    """The raw record of a conflict is about them."""
    conflict = await named_by_two_keys(mapper)
    first = await person_of(mapper, "zoe.1@example.com")
    await mapper.call("POST", f"/people/{first['id']}/anonymise", json={"confirm": first["fields"]["username"]})
    await mapper.call("GET", f"/match-conflicts/{conflict['id']}", expect=404)


async def test_conflicts_are_listed_in_pages(mapper: Mapper) -> None:
    """A wrong key makes thousands."""
    await mapper.observe([source_user(number) for number in range(1, 7)])
    another_source(mapper)
    await mapper.ready(**BOTH)
    records = [source_user(20 + one, email=f"zoe.{one}@example.com", login=f"zoe.{one + 1}@example.com") for one in range(1, 6)]
    assert (await mapper.observe(records))["failed"] == 5
    seen: list[str] = []
    cursor = None
    while cursor or not seen:
        page = await mapper.call("GET", "/match-conflicts", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        seen += [one["source_id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(seen) == sorted(str(UUID(int=20 + one)) for one in range(1, 6))
