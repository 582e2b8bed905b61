"""Who wins for a field: the order of sources, hand edits that are kept or overwritten, and what is remembered meanwhile."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from mapper.tables import KEPT_BY_HAND, LINK_ASSERTIONS
from shared.events import IntegrationDeleted, PlannedPageApproved
from tests.support.guard import requested
from tests.support.mapper import MAPPING, Mapper, source_user
from tests.support.undo import run, undo

PERSON = "zoe.1@example.com"


async def second(mapper: Mapper, **mapping: Any) -> Mapper:
    """Return the same mapper, spoken to by another integration."""
    other = replace(mapper, integration_id=uuid4(), run_id=uuid4())
    return await other.ready(**mapping)


async def order(mapper: Mapper, field: str, *sources: UUID | str, hand: str | None = None, object_type: str = "person") -> None:
    """Say who wins."""
    body = {"sources": [str(source) for source in sources], "hand": hand}
    await mapper.call("PUT", f"/authority/{object_type}/{field}", json=body)


async def says(mapper: Mapper, **changes: Any) -> dict[str, int]:
    """Let an integration say something of the one person, in a run of its own."""
    mapper.run_id = uuid4()
    return await mapper.observe([source_user(1, **changes)])


async def name(mapper: Mapper) -> str | None:
    """Return what the one person is called."""
    (person,) = await mapper.people()
    value: str | None = person["fields"].get("full_name")
    return value


async def test_a_lower_source_overwrites_nothing_that_a_higher_one_says(mapper: Mapper) -> None:
    """The directory must not rename people whom the personnel office has named."""
    low = await second(mapper)
    await order(mapper, "full_name", mapper.integration_id, low.integration_id)
    await says(mapper, name="High")
    counts = await says(low, name="Low")
    assert (await name(mapper), counts["unchanged"]) == ("High", 1)
    assert mapper.last("sync.page.applied.v1").held_values == 1
    await says(low, name="Lower")
    assert await name(mapper) == "High"
    await says(mapper, name="Higher")
    assert await name(mapper) == "Higher"


async def test_the_next_source_takes_over_when_the_higher_one_says_nothing_any_more(mapper: Mapper) -> None:
    """What the lower source said last is remembered: it must not have to say it again."""
    low = await second(mapper)
    await order(mapper, "full_name", mapper.integration_id, low.integration_id)
    await says(low, name="Low")
    await says(mapper, name="High")
    await says(low, name="Lower")
    await says(mapper, name=None)
    assert await name(mapper) == "Lower"
    await says(low, name=None)
    assert await name(mapper) == "Lower", "nobody says anything: blank means keep"


async def test_nothing_is_remembered_where_nobody_said_who_wins(mapper: Mapper) -> None:
    """Whoever has one source must not pay for several; the last writer wins, as ever."""
    low = await second(mapper)
    await says(mapper, name="One")
    await says(low, name="Two")
    assert await name(mapper) == "Two"
    async with mapper.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(LINK_ASSERTIONS)) == 0


async def test_another_order_is_settled_quietly_by_the_next_run(mapper: Mapper) -> None:
    """A change of configuration must start no workflow, and must not wait for the source to change either."""
    low = await second(mapper)
    await says(mapper, name="High")
    await says(low, name="Low")
    await order(mapper, "full_name", mapper.integration_id, low.integration_id)
    told = len(mapper.of("records.changed.v1"))
    assert (await says(low, name="Low"))["unchanged"] == 1
    assert await name(mapper) == "Low", "the higher one has not been asked since: nothing moves yet"
    assert (await says(mapper, name="High"))["updated"] == 1
    assert await name(mapper) == "High"
    changed = mapper.of("records.changed.v1")[told:]
    assert changed
    assert all(event.initial for event in changed)
    before = len(mapper.of("records.changed.v1"))
    await says(low, name="Low")
    await says(mapper, name="High")
    assert len(mapper.of("records.changed.v1")) == before, "settled once"
    await order(mapper, "full_name", low.integration_id, mapper.integration_id)
    await says(mapper, name="High")
    assert await name(mapper) == "Low", "any of its sources settles a record, with what the others said"


async def test_who_is_gone_at_the_higher_source_is_what_the_next_one_says(mapper: Mapper) -> None:
    """The listing that shows somebody no longer must not freeze what it had said."""
    low = await second(mapper)
    await order(mapper, "full_name", mapper.integration_id, low.integration_id)
    await says(mapper, name="High")
    await says(low, name="Low")
    await mapper.publish(mapper.absent(source_user(1)["id"]))
    assert await name(mapper) == "Low"
    await says(mapper, name="High")
    assert await name(mapper) == "High", "and back again when it is there again"


async def test_the_next_run_takes_over_from_an_integration_that_was_deleted(mapper: Mapper) -> None:
    """Its word would otherwise stand for ever, with nobody to take it back."""
    low = await second(mapper)
    await order(mapper, "full_name", mapper.integration_id, low.integration_id)
    await says(mapper, name="High")
    await says(low, name="Low")
    await mapper.publish(IntegrationDeleted(integration_id=mapper.integration_id, integration_name="Sophos users", deleted_by="admin"))
    assert await name(mapper) == "High"
    assert (await says(low, name="Low"))["updated"] == 1
    assert await name(mapper) == "Low"
    (stored,) = (await mapper.call("GET", "/authority"))["items"]
    assert stored["sources"] == [str(low.integration_id)]


async def patch(mapper: Mapper, expect: int | None = None, **change: Any) -> dict[str, Any]:
    """Change the one person by hand."""
    (person,) = await mapper.people()
    answer: dict[str, Any] = await mapper.call("PATCH", f"/people/{person['id']}", json=change, expect=expect)
    return answer


async def test_a_hand_edit_is_kept_until_the_field_is_given_back(mapper: Mapper) -> None:
    """What somebody mended must not be undone by the next night's run."""
    await order(mapper, "full_name", hand="keep")
    await says(mapper, name="Source")
    await patch(mapper, fields={"full_name": "Hand"})
    await says(mapper, name="Other", surname="x")
    assert await name(mapper) == "Hand"
    (kept,) = (await mapper.call("GET", "/authority/hand-edits", params={"object_type": "person"}))["items"]
    assert (kept["field"], kept["value"], kept["by"]) == ("full_name", "Hand", "admin")
    await patch(mapper, release=["full_name"])
    assert await name(mapper) == "Other", "at once: what the source said meanwhile was remembered"
    assert (await mapper.call("GET", "/authority/hand-edits", params={"object_type": "person"}))["items"] == []
    await says(mapper, name="Third")
    assert await name(mapper) == "Third"


async def test_an_emptied_field_is_kept_empty_too(mapper: Mapper) -> None:
    """To take a wrong value away is an edit like any other."""
    await mapper.call("PUT", "/authority/person", json={"hand": "keep"})
    await says(mapper, name="Source")
    await patch(mapper, fields={"full_name": None})
    await says(mapper, name="Other")
    assert await name(mapper) is None


async def test_an_overwritten_hand_edit_lasts_until_the_next_run(mapper: Mapper) -> None:
    """Where the source is the truth it must win, also if it says nothing new."""
    await order(mapper, "full_name", hand="overwrite")
    await says(mapper, name="Source")
    await patch(mapper, fields={"full_name": "Hand"})
    assert await name(mapper) == "Hand"
    assert (await says(mapper, name="Source"))["updated"] == 1
    assert await name(mapper) == "Source"


async def test_hands_have_a_place_among_sources(mapper: Mapper) -> None:
    """The personnel office before us, we before the directory."""
    low = await second(mapper)
    await order(mapper, "full_name", mapper.integration_id, "hand", low.integration_id)
    await says(low, name="Low")
    await patch(mapper, fields={"full_name": "Hand"})
    await says(low, name="Lower")
    assert await name(mapper) == "Hand"
    await says(mapper, name="High")
    assert await name(mapper) == "High"
    refused = await patch(mapper, fields={"full_name": "Hand again"}, expect=409)
    assert (refused["code"], refused["fields"][0]["field"]) == ("held_by_source", "fields.full_name")
    await says(mapper, name=None)
    assert await name(mapper) == "Hand"


async def test_fields_are_given_back_in_bulk(mapper: Mapper) -> None:
    """Whoever changes the policy of a field has not one record to mend, but all of them; the preview shows what they get."""
    await order(mapper, "full_name", hand="keep")
    await says(mapper, name="Source")
    await patch(mapper, fields={"full_name": "Hand"})
    body = {"object_type": "person", "change": {"release": ["full_name"]}}
    shown = await mapper.call("POST", "/bulk-edits", json=body)
    assert (shown["changing"], shown["examples"][0]["changes"]) == (1, {"full_name": ["Hand", "Source"]})
    await says(mapper, name="Newer")
    assert (await mapper.call("POST", f"/bulk-edits/{shown['id']}/apply", expect=409))["code"] == "set_moved"
    again = await mapper.call("POST", "/bulk-edits", json=body)
    await mapper.call("POST", f"/bulk-edits/{again['id']}/apply")
    assert await name(mapper) == "Newer"


async def test_an_order_that_cannot_hold_is_refused(mapper: Mapper) -> None:
    """Each wrong entry is named."""
    path = "/authority/person/full_name"
    wrong = await mapper.call("PUT", path, json={"sources": [str(uuid4())]}, expect=422)
    assert (wrong["code"], wrong["fields"][0]["field"]) == ("bad_authority", "sources.0")
    await mapper.call("PUT", path, json={"sources": ["hand"], "hand": "overwrite"}, expect=422)
    await mapper.call("PUT", path, json={"sources": ["hand", "hand"]}, expect=422)
    assert (await mapper.call("PUT", "/authority/person/nmae", json={}, expect=422))["code"] == "unknown_field"
    fixed = await mapper.call("PUT", "/authority/person/tenant_id", json={"hand": "keep"}, expect=422)
    assert fixed["fields"][0]["field"] == "hand"
    assert (await mapper.call("GET", "/authority"))["items"] == []


async def test_a_unique_value_of_another_source_is_taken_only_when_it_is_free(mapper: Mapper) -> None:
    """Two people with one address would be worse than one with an old one."""
    targets: Any = MAPPING["targets"]
    low = await second(mapper, targets={**targets, "email": {"kind": "source", "path": ["mail"]}}, sync_keys=["username"])
    await order(mapper, "email", mapper.integration_id, low.integration_id)
    await says(mapper)
    await says(low, mail="other@example.com")
    (person,) = await mapper.people()
    assert person["fields"]["email"] == PERSON
    await mapper.observe([source_user(2, email="other@example.com")])
    assert len(await mapper.people()) == 2, "what is only remembered is nobody's"
    await mapper.publish(mapper.absent(source_user(1)["id"]))
    assert sorted(one["fields"]["email"] for one in await mapper.people()) == ["other@example.com", PERSON]


async def test_a_workflow_does_not_write_over_what_a_hand_keeps(mapper: Mapper) -> None:
    """A rule for everybody must not undo what somebody decided for one; and must not seem to have done so either."""
    await order(mapper, "roles", hand="keep", object_type="saas_user")
    await says(mapper)
    (user,) = await mapper.saas_users()
    await mapper.call("PATCH", f"/saas-users/{user['id']}", json={"fields": {"roles": ["Auditor"]}})
    assert await requested(mapper, "set_roles", [user["id"]], roles=["User"]) == ["kept_by_hand"]
    assert mapper.last("records.changes.applied.v1").answers[0].outcome == "unchanged", "no failure of the workflow"
    await mapper.call("PATCH", f"/saas-users/{user['id']}", json={"release": ["roles"]})
    assert await requested(mapper, "set_roles", [user["id"]], roles=["User"]) == ["applied"]


async def test_an_undo_leaves_what_a_hand_keeps(mapper: Mapper) -> None:
    """Somebody confirmed by hand what the run had written: that the run is undone does not take it back."""
    await order(mapper, "full_name", hand="keep")
    await run(mapper, [source_user(1)])
    bad = await run(mapper, [source_user(1, name="Bad", email=PERSON)])
    await patch(mapper, fields={"full_name": "Bad"})
    answer = await undo(mapper, bad)
    assert answer["conflicts"] == 1
    assert await name(mapper) == "Bad"


async def test_an_undo_takes_back_what_the_run_had_a_source_say(mapper: Mapper) -> None:
    """What was undone must not come back by way of another source's run."""
    low = await second(mapper)
    await order(mapper, "full_name", mapper.integration_id, low.integration_id)
    await run(mapper, [source_user(1, name="High")])
    await says(low, name="Low")
    bad = await run(mapper, [source_user(1, name="Bad")])
    await undo(mapper, bad)
    await says(low, name="Lower")
    assert await name(mapper) == "High"
    await run(mapper, [source_user(1, name="High")])
    await says(mapper, name=None)
    assert await name(mapper) == "Lower"


async def test_who_is_anonymised_leaves_nothing_that_was_said_of_them(mapper: Mapper) -> None:
    """What is remembered for another day is personal data, too."""
    await order(mapper, "full_name", mapper.integration_id, hand="keep")
    await says(mapper, name="High")
    await patch(mapper, fields={"full_name": "Hand"})
    (person,) = await mapper.people()
    (link,) = (await mapper.call("GET", f"/people/{person['id']}/export"))["links"]
    assert link["says"]["full_name"]["value"] == "High", "whoever asks what is kept about them is told"
    await mapper.call("POST", f"/people/{person['id']}/anonymise", json={"confirm": PERSON})
    async with mapper.database.reading() as session:
        for table in (LINK_ASSERTIONS, KEPT_BY_HAND):
            assert await session.scalar(select(func.count()).select_from(table)) == 0


async def why(mapper: Mapper, field: str = "full_name") -> dict[str, Any]:
    """Ask why the one person has a value."""
    (person,) = await mapper.people()
    answer: dict[str, Any] = await mapper.call("GET", f"/people/{person['id']}/fields/{field}/why")
    return answer


async def test_why_names_who_says_what_and_why_one_of_them_won(mapper: Mapper) -> None:
    """Whoever wonders at a value must see the others, too, and what would have to change for them to win."""
    assert (await why_of_one(mapper))["authority"]["rule"] == "last_writer"
    low = await second(mapper)
    await order(mapper, "full_name", mapper.integration_id, low.integration_id)
    await says(mapper, name="High")
    await says(low, name="Low")
    authority = (await why(mapper))["authority"]
    assert authority["says"] == "of those that say something of it, Sophos users comes first"
    assert [(one["stands"], one["value"], one["integration_id"]) for one in authority["said"]] == [
        ("wins", "High", str(mapper.integration_id)),
        ("lower", "Low", str(low.integration_id)),
    ]
    assert (authority["said"][1]["run_id"], authority["said"][1]["mapping_version"]) == (str(low.run_id), 1)
    assert (authority["said"][1]["raw"]["state"], authority["said"][1]["source_id"]) == ("same_as_value", source_user(1)["id"])


async def why_of_one(mapper: Mapper) -> dict[str, Any]:
    """Ask why, of somebody whose fields have no order."""
    await says(mapper)
    return await why(mapper)


async def test_a_value_that_took_over_is_explained_by_its_own_source(mapper: Mapper) -> None:
    """The run that lost somebody must not get the credit for what another one had said."""
    low = await second(mapper)
    await order(mapper, "full_name", mapper.integration_id, low.integration_id)
    await says(mapper, name="High")
    await says(low, name="Low")
    await mapper.publish(mapper.absent(source_user(1)["id"]))
    change = (await why(mapper))["change"]
    assert (change["after"], change["cause"]["id"]) == ("Low", str(mapper.run_id))
    source = change["source"]
    assert (source["run_id"], source["integration_id"], source["raw"]["value"]) == (str(low.run_id), str(low.integration_id), "Low")
    await says(mapper, name="High")
    await says(mapper, name=None)
    source = (await why(mapper))["change"]["source"]
    assert (source["run_id"], source["mapped_from"]["path"]) == (str(low.run_id), ["name"])


async def test_a_kept_hand_edit_is_shown_with_what_the_sources_say(mapper: Mapper) -> None:
    """To decide whether to give a field back, somebody must see what it would get; and whoever looks at the source, why it does not."""
    await order(mapper, "full_name", hand="keep")
    await says(mapper, name="Source")
    await patch(mapper, fields={"full_name": "Hand"})
    await says(mapper, name="Other")
    authority = (await why(mapper))["authority"]
    assert authority["says"] == "the hand edit of admin is kept"
    said = [(one["by"], one["stands"], one["value"]) for one in authority["said"]]
    assert said == [("hand", "wins", "Hand"), ("source", "lower", "Other")]
    path = f"/integrations/{mapper.integration_id}/why-not"
    there = await mapper.call("GET", path, params={"source_id": source_user(1)["id"]})
    assert there["state"] == "there"
    assert there["held_values"] == [{"field": "full_name", "value": "Other", "says": "the hand edit of admin is kept"}]


async def test_a_plan_is_not_applied_when_what_it_rests_on_has_moved(mapper: Mapper) -> None:
    """Whoever looked at a plan saw who would win; somebody else who wins by now is another plan."""
    low = await second(mapper)
    await order(mapper, "full_name", mapper.integration_id, low.integration_id)
    await says(mapper, name="High")
    await says(low, name="Low")
    applied = []
    for meanwhile in ("Low", "Lower"):
        planned = uuid4()
        mapper.run_id = planned
        await mapper.observe([source_user(1, name=None)], mode="plan")
        assert await name(mapper) == "High"
        await says(low, name=meanwhile)
        mapper.run_id = uuid4()
        provenance = mapper.provenance(plan_run_id=planned)
        await mapper.publish(PlannedPageApproved(provenance=provenance, plan_run_id=planned, page=1, records=1))
        applied.append((await name(mapper), [one.code for one in mapper.last("sync.page.applied.v1").rejections]))
        await says(mapper, name="High")
    assert applied == [("Low", []), ("High", ["moved_since_planned"])]


async def test_two_who_are_merged_have_what_the_highest_of_all_their_sources_says(mapper: Mapper) -> None:
    """Each brings sources of their own; whose word counts is said by the order, and not by who was merged into whom."""
    low = await second(mapper)
    await order(mapper, "full_name", mapper.integration_id, low.integration_id)
    await says(mapper, name="High")
    low.run_id, low.saas_instance_id = uuid4(), None
    await low.observe([source_user(2, name="Low")])
    people = {one["fields"]["full_name"]: one["id"] for one in await mapper.people()}
    await mapper.call("POST", f"/people/{people['Low']}/merge", json={"merge_id": people["High"], "mode": "apply"})
    low.run_id = uuid4()
    await low.observe([source_user(2, name="Low")])
    assert await name(mapper) == "High"
