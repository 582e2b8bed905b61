"""Assets: made of devices, given to the person whom the source names, and never lost without proof."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.clock import now
from tests.support.mapper import Mapper, source_user
from tests.support.undo import items, undo

APPLICATION = "Sophos Endpoint Security"
DEVICES = UUID(int=77)
MAPPING = {
    "object_type": "asset",
    "targets": {
        "device_id": {"kind": "source", "path": ["id"]},
        "hostname": {"kind": "source", "path": ["hostname"]},
        "assigned_source_id": {"kind": "source", "path": ["associatedPerson", "id"]},
        "last_seen_at": {"kind": "source", "path": ["lastSeenAt"]},
        "synced_at": {"kind": "sync_time"},
    },
    "sync_keys": ["device_id"],
}
OF_DEVICES: dict[str, Any] = {
    "integration_id": DEVICES,
    "integration_name": "Sophos devices",
    "provider": "sophos-endpoints",
    "object_type": "device",
    "application": APPLICATION,
    "user_selection": None,
    "saas_instance_id": None,
}


def device(number: int, person: int | None = None, **changes: Any) -> dict[str, Any]:
    """Return a raw Sophos endpoint, and whom it names by id."""
    named = {} if person is None else {"associatedPerson": {"id": str(UUID(int=person)), "name": f"Żoë {person}"}}
    return {"id": str(UUID(int=1000 + number)), "hostname": f"pc-{number}", "lastSeenAt": "2026-02-03T06:18:32.457Z", **named, **changes}


@pytest.fixture(autouse=True)
async def mapped(mapper: Mapper) -> None:
    """Store the mapping of the devices."""
    await mapper.call("PUT", f"/integrations/{DEVICES}/mapping", json=MAPPING)


async def show_devices(mapper: Mapper, *devices: dict[str, Any], **changes: Any) -> dict[str, int]:
    """Tell a page of devices; return the counts."""
    return await mapper.observe(list(devices), **{**OF_DEVICES, **changes})


async def show_users(mapper: Mapper, *numbers: int, **changes: Any) -> dict[str, int]:
    """Tell a page of the application's users; return the counts."""
    return await mapper.observe([source_user(number) for number in numbers], **{"application": APPLICATION, **changes})


async def assets(mapper: Mapper, **params: Any) -> dict[str, dict[str, Any]]:
    """Return the assets by hostname."""
    return {one["fields"]["hostname"]: one for one in (await mapper.call("GET", "/assets", params=params))["items"]}


async def test_a_device_becomes_an_asset_of_the_person_whom_it_names(mapper: Mapper) -> None:
    """Whoever offboards somebody must see what they have."""
    await show_users(mapper, 1, 2)
    assert (await show_devices(mapper, device(1, person=2), device(2)))["added"] == 2
    people = {person["fields"]["email"]: person["id"] for person in await mapper.people()}
    found = await assets(mapper)
    assert found["pc-1"]["person_id"] == people["zoe.2@example.com"] == found["pc-1"]["fields"]["person_id"]
    assert found["pc-2"]["person_id"] is None
    assert found["pc-1"]["fields"]["synced_at"] is not None
    theirs = await mapper.timeline(people["zoe.2@example.com"])
    assert [entry["summary"] for entry in theirs if entry["record_type"] == "asset"] == ["Asset created"]
    export = await mapper.call("GET", f"/people/{people['zoe.2@example.com']}/export")
    assert export["assets"] == [found["pc-1"]], "what is kept about somebody is what is shown of their device"


async def test_a_device_waits_for_its_person(mapper: Mapper) -> None:
    """Devices may be read before people: the page that shows the person gives it to them, in the name of that run."""
    await show_devices(mapper, device(1, person=1), device(2, person=1), device(3, person=9))
    assert {one["person_id"] for one in (await assets(mapper)).values()} == {None}
    await show_users(mapper, 1)
    (person,) = await mapper.people()
    assert {name: one["person_id"] for name, one in (await assets(mapper)).items()} == {
        "pc-1": person["id"],
        "pc-2": person["id"],
        "pc-3": None,
    }
    told = [event for event in mapper.of("records.changed.v1") if event.record_type == "asset"][-1]
    assert {change.fields["person_id"] for change in told.changes} == {(None, person["id"])}
    assert told.cause.detail == "Sophos users, page 1"


async def test_the_id_of_another_application_is_nobody(mapper: Mapper) -> None:
    """Number 1 of one application is not number 1 of another: a wrong owner is worse than none."""
    await mapper.observe([source_user(1)], application="Something else")
    await show_devices(mapper, device(1, person=1))
    assert (await assets(mapper))["pc-1"]["person_id"] is None


async def test_an_unchanged_device_is_given_to_whom_it_names_now(mapper: Mapper) -> None:
    """A person linked by other means than a page of users is found at the next run of devices, which says nothing new."""
    await show_devices(mapper, device(1, person=1))
    await mapper.observe([source_user(1)])
    assert (await assets(mapper))["pc-1"]["person_id"] is None
    mapper.run_id = uuid4()
    # The application of the users became known: an installation that was upgraded learns it with the next run.
    await mapper.observe([source_user(1)], application=APPLICATION)
    assert (await show_devices(mapper, device(1, person=1)))["unchanged"] == 1
    (person,) = await mapper.people()
    assert (await assets(mapper))["pc-1"]["person_id"] == person["id"]


async def test_a_device_changes_hands(mapper: Mapper) -> None:
    """One revision says who had it and who has it."""
    await show_users(mapper, 1, 2)
    await show_devices(mapper, device(1, person=1))
    before = (await assets(mapper))["pc-1"]
    assert (await show_devices(mapper, device(1, person=2)))["updated"] == 1
    after = (await assets(mapper))["pc-1"]
    assert after["revision"] == before["revision"] + 1
    newest = (await mapper.call("GET", f"/assets/{after['id']}/timeline"))["items"][-1]
    assert newest["fields"]["person_id"] == [before["person_id"], after["person_id"]]


async def test_a_device_that_names_nobody_keeps_its_person_unless_told_otherwise(mapper: Mapper) -> None:
    """A blank keeps what is there; a mapping may say that it empties the field, and then the device is given back."""
    await show_users(mapper, 1)
    await show_devices(mapper, device(1, person=1))
    await show_devices(mapper, device(1))
    assert (await assets(mapper))["pc-1"]["person_id"] is not None
    await mapper.call("PUT", f"/integrations/{DEVICES}/mapping", json={**MAPPING, "clears": ["assigned_source_id"]})
    mapper.run_id = uuid4()
    assert (await show_devices(mapper, device(1)))["updated"] == 1
    found = (await assets(mapper))["pc-1"]
    assert (found["person_id"], found["fields"]["person_id"], found["fields"]["assigned_source_id"]) == (None, None, None)
    refused = await mapper.call("PUT", f"/integrations/{DEVICES}/mapping", json={**MAPPING, "clears": ["device_id"]}, expect=422)
    assert (refused["code"], refused["fields"][0]["field"]) == ("not_clearable", "clears.device_id")


async def test_a_device_seen_again_makes_no_revision(mapper: Mapper) -> None:
    """When it was last seen changes with every run, and is nobody's history."""
    await show_devices(mapper, device(1))
    assert (await show_devices(mapper, device(1, lastSeenAt="2026-03-01T00:00:00.000Z")))["unchanged"] == 1
    found = (await assets(mapper))["pc-1"]
    assert (found["revision"], found["fields"]["last_seen_at"]) == (1, "2026-03-01T00:00:00.000Z")


async def test_a_device_is_missing_with_proof_and_welcome_back(mapper: Mapper) -> None:
    """A laptop that is switched off is not gone: only the source's own answer says so."""
    await show_devices(mapper, device(1), device(2))
    mapper.run_id = uuid4()
    await show_devices(mapper, device(2))
    gone = device(1)["id"]
    listing, absent = mapper.listing(1), mapper.absent(gone)
    await mapper.publish(listing.model_copy(update={"provenance": mapper.provenance(**OF_DEVICES)}))
    assert mapper.last("sync.absence.suspected.v1").source_ids == [gone]
    await mapper.publish(absent.model_copy(update={"provenance": mapper.provenance(**OF_DEVICES)}))
    assert (await assets(mapper))["pc-1"]["fields"]["missing_since"] is not None
    mapper.run_id = uuid4()
    await show_devices(mapper, device(1), device(2))
    back = (await assets(mapper))["pc-1"]
    assert (back["fields"]["missing_since"], back["fields"]["returned_at"] is not None) == (None, True)
    kinds = [entry["kind"] for entry in (await mapper.call("GET", f"/assets/{back['id']}/timeline"))["items"]]
    assert kinds == ["observed", "created", "missing", "returned"]


async def test_a_plan_of_devices_says_what_would_become_of_them(mapper: Mapper) -> None:
    """Assets go through plans as people do, and nothing is written."""
    await show_devices(mapper, device(1))
    run_id = uuid4()
    await show_devices(mapper, device(1, hostname="renamed"), device(2), mode="plan", run_id=run_id)
    items = (await mapper.call("GET", f"/plans/{run_id}/items"))["items"]
    assert [(item["action"], item["asset_id"] is not None) for item in items] == [("update", True), ("create", False)]
    assert items[0]["changes"] == {"asset": {"hostname": ["pc-1", "renamed"]}}
    check = await mapper.call("GET", f"/plans/{run_id}/check")
    assert (check["launchable"], check["actions"]) == (True, {"update": 1, "create": 1})
    assert list(await assets(mapper)) == ["pc-1"]


async def test_an_asset_is_changed_by_hand_where_it_may_be(mapper: Mapper) -> None:
    """A serial number can be mended; whose it is follows from the source."""
    await show_devices(mapper, device(1))
    found = (await assets(mapper))["pc-1"]
    changed = await mapper.call("PATCH", f"/assets/{found['id']}", json={"fields": {"serial_number": "C02"}})
    assert (changed["revision"], changed["fields"]["serial_number"]) == (2, "C02")
    refused = await mapper.call("PATCH", f"/assets/{found['id']}", json={"fields": {"person_id": str(uuid4())}}, expect=422)
    assert refused["fields"][0]["field"] == "fields.person_id"
    assert await assets(mapper, filter='{"field": "serial_number", "operator": "equals", "value": "c02"}')


async def test_devices_are_no_people_and_people_no_devices(mapper: Mapper) -> None:
    """A mapping to the wrong records would fill the directory with laptops; each record says so, and none is written."""
    refused = await show_devices(mapper, device(1), integration_id=mapper.integration_id)
    assert refused["failed"] == 1
    (rejection,) = mapper.last("sync.page.applied.v1").rejections
    assert (rejection.code, rejection.field) == ("mapping_of_another_type", "mapping")
    ready = await mapper.call("GET", f"/integrations/{DEVICES}/mapping/readiness", params={"describes": "user"})
    assert [gap["field"] for gap in ready["missing"]] == ["mapping.object_type"]
    assert (await mapper.call("GET", f"/integrations/{DEVICES}/mapping/readiness", params={"describes": "device"}))["missing"] == []
    own = {**MAPPING, "targets": {**MAPPING["targets"], "person_id": {"kind": "source", "path": ["x"]}}}  # type: ignore[dict-item]
    problem = await mapper.call("PUT", f"/integrations/{DEVICES}/mapping", json=own, expect=422)
    assert problem["fields"][0]["field"] == "targets.person_id"


async def test_a_run_of_devices_is_undone(mapper: Mapper) -> None:
    """A changed device is what it was, a new one goes, and an undo of the undo brings both back, with the person."""
    await show_users(mapper, 1, 2)
    await show_devices(mapper, device(1, person=1), run_id=uuid4())
    first = await assets(mapper)
    bad = uuid4()
    await show_devices(mapper, device(1, person=2, hostname="bad"), device(2, person=2), run_id=bad)
    changed = await assets(mapper)
    undone = await undo(mapper, bad)
    assert (undone["actions"], undone["outcomes"]) == ({"put_back": 1, "remove": 1}, {"applied": 2})
    assert {name: one["person_id"] for name, one in (await assets(mapper)).items()} == {"pc-1": first["pc-1"]["person_id"]}
    again = await undo(mapper, undone["id"], of="undos")
    assert (again["actions"], again["conflicts"]) == ({"put_back": 1, "bring_back": 1}, 0)
    found = {name: (one["id"], one["person_id"], one["fields"]) for name, one in (await assets(mapper)).items()}
    assert found == {name: (one["id"], one["person_id"], one["fields"]) for name, one in changed.items()}
    counts = await show_devices(mapper, device(1, person=2, hostname="bad"), device(2, person=2), run_id=uuid4())
    assert counts["unchanged"] == 2


async def test_an_undo_names_the_person_of_a_device_and_nobody_where_it_is_nobodys(mapper: Mapper) -> None:
    """Whoever looks that id up must find a person by it."""
    await show_users(mapper, 1)
    run_id = uuid4()
    await show_devices(mapper, device(1, person=1), device(2), run_id=run_id)
    (person,) = await mapper.people()
    found = await assets(mapper)
    listed = await items(mapper, await undo(mapper, run_id, mode="plan"))
    assert {one: item["person_id"] for one, item in listed.items()} == {found["pc-1"]["id"]: person["id"], found["pc-2"]["id"]: None}


async def test_a_device_outlives_the_undo_of_the_run_that_made_its_person(mapper: Mapper) -> None:
    """It belongs to nobody until a run shows the person again."""
    users = uuid4()
    await show_users(mapper, 1, run_id=users)
    await show_devices(mapper, device(1, person=1), run_id=uuid4())
    await undo(mapper, users)
    assert await mapper.people() == []
    left = (await assets(mapper))["pc-1"]
    assert (left["person_id"], left["fields"]["person_id"]) == (None, None)
    await show_users(mapper, 1, run_id=uuid4())
    (person,) = await mapper.people()
    assert (await assets(mapper))["pc-1"]["person_id"] == person["id"]


async def test_undoing_a_run_of_users_takes_back_the_devices_that_it_gave(mapper: Mapper) -> None:
    """A device that waited was given to its person by the run that showed them."""
    await show_devices(mapper, device(1, person=1), run_id=uuid4())
    users = uuid4()
    await show_users(mapper, 1, run_id=users)
    undone = await undo(mapper, users)
    assert undone["actions"] == {"remove": 2, "put_back": 1}
    assert (await assets(mapper))["pc-1"]["person_id"] is None
    await undo(mapper, undone["id"], of="undos")
    (person,) = await mapper.people()
    assert (await assets(mapper))["pc-1"]["person_id"] == person["id"]


async def test_what_a_hand_keeps_of_a_device_stays_and_is_explained(mapper: Mapper) -> None:
    """Names of devices are mended by hand, too; and two sources may know one device."""
    await mapper.call("PUT", "/authority/asset/hostname", json={"hand": "keep"})
    await show_devices(mapper, device(1))
    (asset,) = (await assets(mapper)).values()
    await mapper.call("PATCH", f"/assets/{asset['id']}", json={"fields": {"hostname": "reception"}})
    await show_devices(mapper, device(1, hostname="pc-0815"), run_id=uuid4())
    assert set(await assets(mapper)) == {"reception"}
    why = await mapper.call("GET", f"/assets/{asset['id']}/fields/hostname/why")
    assert why["authority"]["says"] == "the hand edit of admin is kept"
    assert [one["value"] for one in why["authority"]["said"]] == ["reception", "pc-0815"]
    await mapper.call("PATCH", f"/assets/{asset['id']}", json={"release": ["hostname"]})
    assert set(await assets(mapper)) == {"pc-0815"}


async def as_of(mapper: Mapper, asset_id: str, at: datetime, *, expect: int = 200) -> dict[str, Any]:
    """Return an asset as it was."""
    answer: dict[str, Any] = await mapper.call("GET", f"/assets/{asset_id}", params={"as_of": at.isoformat()}, expect=expect)
    return answer


async def test_a_device_is_shown_as_it_was_and_whose_it_was(mapper: Mapper) -> None:
    """Who had the laptop when the data left is asked long after it was given to somebody else."""
    start = now()
    await show_users(mapper, 1, 2)
    await show_devices(mapper, device(1, person=1))
    first = now()
    await show_devices(mapper, device(1, person=2), run_id=uuid4())
    second = now()
    (asset,) = (await assets(mapper)).values()
    people = {person["fields"]["email"]: person["id"] for person in await mapper.people()}
    for at, whose in ((first, people["zoe.1@example.com"]), (second, people["zoe.2@example.com"])):
        then = await as_of(mapper, asset["id"], at)
        assert (then["person_id"], then["fields"]["person_id"], then["fields"]["hostname"]) == (whose, whose, "pc-1")
        assert (datetime.fromisoformat(then["as_of"]), then["not_in_history"]) == (at, ["last_seen_at", "synced_at"])
    assert (await as_of(mapper, asset["id"], start, expect=404))["code"] == "not_there_then"
    assert (await as_of(mapper, asset["id"], now() + timedelta(days=1), expect=422))["code"] == "moment_in_the_future"
    assert (await as_of(mapper, str(uuid4()), second, expect=404))["code"] == "record_not_found"
    assert (await mapper.call("GET", f"/assets/{asset['id']}"))["as_of"] is None


async def test_two_moments_of_a_device_are_compared_with_what_brought_each_change(mapper: Mapper) -> None:
    """An auditor asks what became of a device in a quarter, and not for all that was ever said of it."""
    await show_users(mapper, 1)
    await show_devices(mapper, device(1))
    (asset,) = (await assets(mapper)).values()
    since = now()
    await mapper.call("PATCH", f"/assets/{asset['id']}", json={"fields": {"model": "X1"}, "add": {"tags": ["Loan"]}})
    between = now()
    run_id = uuid4()
    await show_devices(mapper, device(1, person=1), run_id=run_id)
    path = f"/assets/{asset['id']}/diff"
    early = await mapper.call("GET", path, params={"from": since.isoformat(), "to": between.isoformat()})
    assert {key: (one["before"], one["after"]) for key, one in early["fields"].items()} == {"model": (None, "X1"), "tags": (None, ["Loan"])}
    whole = await mapper.call("GET", path, params={"from": since.isoformat()})
    assert (whole["record_type"], whole["revisions"], set(whole["fields"])) == (
        "asset",
        2,
        {"model", "tags", "assigned_source_id", "person_id"},
    )
    assert (whole["fields"]["model"]["cause"]["kind"], whole["fields"]["person_id"]["cause"]["id"]) == ("user", str(run_id))
    why = await mapper.call("GET", f"/assets/{asset['id']}/fields/tags/why")
    assert (why["answer"], why["value"], why["change"]["cause"]["kind"]) == ("set", ["Loan"], "user")


async def test_devices_are_tagged_and_found_by_their_tags(mapper: Mapper) -> None:
    """Loan devices are of all kinds: only a word that somebody gave them says which they are."""
    await show_devices(mapper, device(1), device(2))
    found = await assets(mapper)
    await mapper.call("PATCH", f"/assets/{found['pc-1']['id']}", json={"add": {"tags": ["Loan"]}})
    edit = {"object_type": "asset", "change": {"add": {"tags": ["2026", "loan"]}}}
    previewed = await mapper.call("POST", "/bulk-edits", json=edit)
    assert (await mapper.call("POST", f"/bulk-edits/{previewed['id']}/apply"))["changed"] == 2
    tags = {name: one["fields"]["tags"] for name, one in (await assets(mapper)).items()}
    assert tags == {"pc-1": ["Loan", "2026"], "pc-2": ["2026", "loan"]}
    rule = '{"field": "tags", "operator": "equals", "value": "LOAN"}'
    assert set(await assets(mapper, filter=rule)) == {"pc-1", "pc-2"}


async def test_nothing_of_the_past_of_a_device_says_that_it_was_an_anonymised_persons(mapper: Mapper) -> None:
    """A moment before must not bring back what was erased for good."""
    await show_users(mapper, 1)
    await show_devices(mapper, device(1, person=1))
    before = now()
    (person,) = await mapper.people()
    (asset,) = (await assets(mapper)).values()
    await mapper.call("POST", f"/people/{person['id']}/anonymise", json={"confirm": person["fields"]["username"]})
    then = await as_of(mapper, asset["id"], before)
    assert (then["person_id"], then["fields"]["assigned_source_id"], then["fields"]["hostname"]) == (None, None, "pc-1")
    differs = await mapper.call("GET", f"/assets/{asset['id']}/diff", params={"from": before.isoformat()})
    assert differs["fields"] == {}


async def test_a_device_is_found_by_its_id_at_the_source_or_any_unique_field(mapper: Mapper) -> None:
    """Whoever has a ticket with a device's id does not look through lists."""
    await show_devices(mapper, device(1), device(2))
    found = await assets(mapper)
    device_id = found["pc-2"]["fields"]["device_id"]
    by_id = await mapper.call("GET", f"/assets/by/device_id/{device_id.upper()}")
    assert (by_id["id"], by_id["fields"]["synced_at"] is None) == (found["pc-2"]["id"], False)
    for asked, status, code in (
        ("device_id/nothing", 404, "record_not_found"),
        ("hostname/pc-2", 422, "not_unique"),
        ("x/y", 422, "unknown_field"),
    ):
        assert (await mapper.call("GET", f"/assets/by/{asked}", expect=status))["code"] == code
