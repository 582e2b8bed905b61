"""Why a field has its value, and why a record of a source is not there."""

from typing import Any, get_args
from uuid import uuid4

from mapper.why.fields import WAYS
from shared.events.records import Cause
from tests.support.guard import gone, hired, requested, source_id
from tests.support.mapper import Mapper, source_user
from tests.support.undo import run, undo


async def why(mapper: Mapper, record_id: str, field: str, subject: str = "people") -> dict[str, Any]:
    """Ask why."""
    answer: dict[str, Any] = await mapper.call("GET", f"/{subject}/{record_id}/fields/{field}/why")
    return answer


async def why_not(mapper: Mapper, number: int) -> dict[str, Any]:
    """Ask why not."""
    path = f"/integrations/{mapper.integration_id}/why-not"
    answer: dict[str, Any] = await mapper.call("GET", path, params={"source_id": source_id(number)})
    return answer


async def test_a_mapped_value_is_explained_by_source_run_mapping_and_raw_value(mapper: Mapper) -> None:
    """An operator who doubts a value must see where it came from without reading logs."""
    await mapper.map(source_updated_at={"kind": "source", "path": ["updatedAt"]})
    await mapper.observe([source_user(1, updatedAt="2026-02-03T08:18:32+02:00")])
    (person,) = await mapper.people()
    name = await why(mapper, person["id"], "full_name")
    source = name["change"]["source"]
    assert (name["answer"], name["value"], source["run_id"]) == ("set", "Żoë 1", str(mapper.run_id))
    assert (source["integration_id"], source["integration_name"]) == (str(mapper.integration_id), "Sophos users")
    assert (source["mapping_version"], source["mapped_from"]["path"]) == (2, ["name"])
    assert (source["source_id"], source["raw"]["state"], source["raw"]["value"]) == (source_id(1), "same_as_value", "Żoë 1")
    moment = (await why(mapper, person["id"], "source_updated_at"))["change"]["source"]["raw"]
    assert (moment["state"], moment["value"]) == ("kept", "2026-02-03T08:18:32+02:00"), "stored as UTC, so what was said is kept"
    constant = (await why(mapper, person["id"], "role"))["change"]["source"]
    assert (constant["mapped_from"]["kind"], constant["raw"]["state"]) == ("constant", "not_kept")


async def test_each_change_is_explained_with_the_mapping_of_its_time(mapper: Mapper) -> None:
    """A mapping that was mended since must not take the blame, nor the credit, for older values."""
    await mapper.observe([source_user(1)])
    await mapper.map(first_name={"kind": "source", "path": ["name"]})
    mapper.run_id = uuid4()
    await mapper.observe([source_user(1)])
    (person,) = await mapper.people()
    versions = {
        field: (await why(mapper, person["id"], field))["change"]["source"]["mapping_version"] for field in ("full_name", "first_name")
    }
    assert versions == {"full_name": 1, "first_name": 2}


async def test_hands_workflows_and_undos_are_named_and_what_was_before(mapper: Mapper) -> None:
    """Whoever changed it is part of the answer, and so is what they changed."""
    await run(mapper, [source_user(1)])
    bad = await run(mapper, [source_user(1, name="Bad")])
    (person,), (user,) = await mapper.people(), await mapper.saas_users()
    await undo(mapper, bad)
    name = await why(mapper, person["id"], "full_name")
    assert (name["value"], name["change"]["cause"]["kind"], name["change"]["cause"]["actor"]) == ("Żoë 1", "undo", "admin")
    assert (name["originally"]["cause"]["kind"], name["originally"]["revision"]) == ("run", 1)
    await mapper.call("PATCH", f"/people/{person['id']}", json={"fields": {"full_name": "Zoë"}})
    by_hand = await why(mapper, person["id"], "full_name")
    assert (by_hand["change"]["cause"]["kind"], [one["after"] for one in by_hand["earlier"]]) == ("user", ["Żoë 1", "Bad", "Żoë 1"])
    await requested(mapper, "set_roles", [user["id"]], roles=["User"])
    assert "Leavers" in (await why(mapper, user["id"], "roles", "saas-users"))["says"]


async def test_what_cannot_be_explained_is_said_to_be_so(mapper: Mapper) -> None:
    """An honest no is an answer; a guess is none."""
    await mapper.call("POST", "/fields", json={"label": "Secret", "history": False})
    await mapper.observe([source_user(1)])
    (person,), (user,) = await mapper.people(), await mapper.saas_users()
    await mapper.call("PATCH", f"/people/{person['id']}", json={"fields": {"secret": "x"}})
    assert (await why(mapper, person["id"], "secret"))["answer"] == "not_in_history"
    assert (await why(mapper, person["id"], "first_name"))["answer"] == "never_set"
    copied = (await why(mapper, user["id"], "email", "saas-users"))["change"]["source"]
    assert (copied["copied_from"], copied["raw"]["state"]) == ("person.email", "not_kept")
    unknown = await mapper.call("GET", f"/people/{person['id']}/fields/emial/why", expect=422)
    assert "did you mean email" in unknown["fields"][0]["message"]
    assert (await mapper.call("GET", f"/people/{uuid4()}/fields/email/why", expect=404))["code"] == "record_not_found"


async def test_a_long_raw_value_is_cut_and_one_that_is_no_text_is_kept(mapper: Mapper) -> None:
    """What a source sends must not fill the history."""
    await mapper.call("POST", "/fields", json={"label": "Number of it"})
    await mapper.map(number_of_it={"kind": "source", "path": ["n"]}, first_name={"kind": "source", "path": ["long", "0"]})
    await mapper.observe([source_user(1, n=7, long=["x" * 1024])])
    (person,) = await mapper.people()
    number = (await why(mapper, person["id"], "number_of_it"))["change"]["source"]["raw"]
    assert (number["state"], number["value"], number["cut"]) == ("kept", 7, False)
    assert (await why(mapper, person["id"], "first_name"))["change"]["source"]["raw"]["state"] == "same_as_value"


async def test_a_record_that_was_rejected_says_why_until_it_arrives(mapper: Mapper) -> None:
    """The question is asked by whoever misses somebody, with nothing but an id in hand."""
    await mapper.observe([source_user(1), source_user(2, email=None)])
    rejected = await why_not(mapper, 2)
    assert (rejected["state"], rejected["code"], rejected["run_id"]) == ("rejected", "missing_value", str(mapper.run_id))
    assert rejected["remedy"]
    first = rejected["since"]
    await mapper.observe([source_user(1), source_user(2, email=None)])
    assert (await why_not(mapper, 2))["since"] == first, "for the same reason as before"
    await mapper.observe([source_user(2)])
    there = await why_not(mapper, 2)
    assert (there["state"], there["code"], bool(there["person_id"])) == ("there", None, True)
    await mapper.observe([source_user(2, name="x" * 5000)])
    stale = await why_not(mapper, 2)
    assert (stale["state"], stale["field"]) == ("rejected", "full_name")
    assert stale["says"].startswith("what it says now was not written")
    await mapper.observe([source_user(2)])
    assert (await why_not(mapper, 2))["state"] == "there", "also when it says again what it had said"


async def test_the_preference_the_filter_and_a_conflict_are_told_apart(mapper: Mapper) -> None:
    """Each has another remedy."""
    await mapper.observe([source_user(1), source_user(2)])
    await mapper.observe([source_user(3)], preference="update_only")
    held = await why_not(mapper, 3)
    assert (held["state"], held["code"], held["looked_for"]) == ("preference", "preference_update_only", {"email": "zoe.3@example.com"})
    await mapper.observe([source_user(1, name="New")], preference="create_only")
    assert (await why_not(mapper, 1))["code"] == "preference_create_only"
    await mapper.observe([source_user(4, email="zoe.2@example.com")])
    assert (await why_not(mapper, 4))["code"] == "duplicate_sync_key"
    await mapper.map()
    rule = {"field": "email", "operator": "is_empty"}
    stored = await mapper.call("GET", f"/integrations/{mapper.integration_id}/mapping")
    mapping = {"targets": stored["targets"], "sync_keys": stored["sync_keys"], "filter": {"rule": rule}}
    await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json=mapping)
    mapper.run_id = uuid4()
    await mapper.observe([source_user(5)])
    filtered = await why_not(mapper, 5)
    assert (filtered["state"], filtered["filter_reasons"][0]["found"]) == ("filtered", "zoe.5@example.com")
    never = await why_not(mapper, 9)
    assert (never["state"], bool(never["remedy"])) == ("unknown", True)


async def test_who_is_missing_or_withheld_is_said_to_be(mapper: Mapper) -> None:
    """A record that is there, and should be gone, has its reason in the tray."""
    await hired(mapper, 8)
    assert await gone(mapper, 1) == (1, 0)
    assert (await why_not(mapper, 1))["state"] == "missing"
    assert await gone(mapper, 2, 3, 4, 5, 6, 7) == (0, 6)
    withheld = await why_not(mapper, 2)
    assert (withheld["state"], [one["kind"] for one in withheld["withheld"]]) == ("there", ["missing"])


def test_every_kind_of_cause_has_words() -> None:
    """Whoever adds one learns here that people ask why."""
    assert WAYS.keys() == set(get_args(Cause.model_fields["kind"].annotation))
