"""Custom fields: their options, what they ask of values wherever these come from, and uniqueness that the database keeps."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.support.mapper import Mapper, source_user


async def add(mapper: Mapper, label: str, **options: Any) -> str:
    """Add a field of People; return its key."""
    return str((await mapper.call("POST", "/fields", json={"label": label, **options}))["key"])


async def person(mapper: Mapper, number: int, *, expect: int = 201, **fields: Any) -> dict[str, Any]:
    """Add a person by hand; return the answer."""
    names = {"username": f"u{number}", "email": f"u{number}@example.com", "role": "Employee"}
    answer: dict[str, Any] = await mapper.call("POST", "/people", json={"fields": {**names, **fields}}, expect=expect)
    return answer


async def change(mapper: Mapper, key: str, *, expect: int = 200, **options: Any) -> dict[str, Any]:
    """Change a field of People."""
    answer: dict[str, Any] = await mapper.call("PATCH", f"/fields/person/{key}", json=options, expect=expect)
    return answer


async def test_a_field_shows_all_that_it_asks(mapper: Mapper) -> None:
    """Forms are drawn from it."""
    await add(mapper, "Cost centre", dropdown="fixed", options=["North", "South"], default="north", help="Who pays", mandatory=True)
    (found,) = [one for one in (await mapper.call("GET", "/fields", params={"object_type": "person"}))["items"] if not one["builtin"]]
    assert (found["dropdown"], found["options"], found["default"]) == ("fixed", ["North", "South"], "North")
    assert (found["help"], found["mandatory"]) == ("Who pays", True)


@pytest.mark.parametrize("default", [0, -1, 1.5, 2**63 - 1])
async def test_a_number_is_a_default_that_can_be_read_again(mapper: Mapper, default: float) -> None:
    """A field that cannot be read takes every list, mapping and change of its records with it."""
    key = await add(mapper, "Floor", data_type="number", default=default)
    (found,) = [one for one in (await mapper.call("GET", "/fields"))["items"] if one["key"] == key]
    assert (found["default"], (await person(mapper, 1))["fields"][key]) == (default, default)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"dropdown": "fixed"}, "options"),
        ({"options": ["a"]}, "options"),
        ({"dropdown": "fixed", "options": ["a", "A"]}, "options"),
        ({"dropdown": "fixed", "options": ["a"], "default": "b"}, "default"),
        ({"data_type": "boolean", "unique": True}, "unique"),
        ({"unique": True, "default": "x"}, "default"),
        ({"data_type": "number", "max_length": 5}, "max_length"),
        ({"whole": True}, "whole"),
        ({"data_type": "number", "dropdown": "growing"}, "dropdown"),
        ({"max_length": 2, "default": "abc"}, "default"),
    ],
)
async def test_options_that_do_not_go_together_are_named(mapper: Mapper, options: dict[str, Any], named: str) -> None:
    """A field that could hold nothing would be found out by whoever fills it in."""
    refused = await mapper.call("POST", "/fields", json={"label": "Odd", **options}, expect=422)
    assert (refused["code"], refused["fields"][0]["field"]) == ("bad_field", named)


async def test_values_are_held_to_what_a_field_asks(mapper: Mapper) -> None:
    """By hand each wrong value is named; nothing is stored."""
    await add(mapper, "Site", dropdown="fixed", options=["Berlin", "Paris"])
    await add(mapper, "Badge", max_length=4)
    await add(mapper, "Floor", data_type="number", whole=True)
    await add(mapper, "Mentor", data_type="person")
    refused = await person(mapper, 1, expect=422, site="Rome", badge="12345", floor=1.5, mentor="Ada")
    assert [problem["field"] for problem in refused["fields"]] == ["fields.site", "fields.badge", "fields.floor", "fields.mentor"]
    mentor = await person(mapper, 2)
    stored = (await person(mapper, 1, site="berlin", badge="1234", floor=2, mentor=mentor["id"]))["fields"]
    assert (stored["site"], stored["badge"], stored["floor"], stored["mentor"]) == ("Berlin", "1234", 2, mentor["id"])
    of_mentor = {"field": "mentor", "operator": "equals", "value": mentor["id"]}
    assert (await mapper.call("POST", "/records/person/query", json={"rule": of_mentor}))["items"][0]["fields"]["username"] == "u1"


async def test_a_source_is_held_to_it_too(mapper: Mapper) -> None:
    """An enforced dropdown takes no other value from a source than from a hand: the record is an error that names the field."""
    await add(mapper, "Kind", dropdown="fixed", options=["custom"])
    await mapper.map(kind={"kind": "source", "path": ["source", "type"]})
    counts = await mapper.observe([source_user(1), source_user(2, source={"type": "else"})])
    assert (counts["added"], counts["failed"]) == (1, 1)
    (rejection,) = mapper.last("sync.page.applied.v1").rejections
    assert (rejection.code, rejection.field) == ("value_does_not_fit", "kind")


async def test_a_dropdown_grows_with_what_is_written(mapper: Mapper) -> None:
    """From a page and by hand, once for each value whatever its case."""
    await add(mapper, "Kind", dropdown="growing", options=["custom"])
    await mapper.map(kind={"kind": "source", "path": ["source", "type"]})
    types = ["custom", "Directory", "directory", "ad"]
    await mapper.observe([source_user(number, source={"type": kind}) for number, kind in enumerate(types)])
    await person(mapper, 50, kind="By hand")
    (found,) = [one for one in (await mapper.call("GET", "/fields"))["items"] if one["key"] == "kind"]
    assert found["options"] == ["custom", "ad", "By hand", "Directory"]


async def test_a_default_fills_what_is_new_and_nothing_else(mapper: Mapper) -> None:
    """Records that were there before keep their emptiness; a mandatory field with a default is never missing."""
    await mapper.observe([source_user(1)])
    await add(mapper, "Site", default="Berlin", mandatory=True)
    await mapper.map(site={"kind": "source", "path": ["site"]})
    mapper.run_id = UUID(int=5)
    await mapper.observe([source_user(1, name="Renamed"), source_user(2), source_user(3, site="Paris")])
    assert {one["fields"]["username"]: one["fields"].get("site") for one in await mapper.people()} == {
        "zoe.1@example.com": None,
        "zoe.2@example.com": "Berlin",
        "zoe.3@example.com": "Paris",
    }
    assert (await person(mapper, 9))["fields"]["site"] == "Berlin"


async def test_a_mandatory_field_is_missed_by_hand(mapper: Mapper) -> None:
    """Said before anything is stored."""
    await add(mapper, "Site", mandatory=True)
    assert (await person(mapper, 1, expect=422))["fields"][0]["field"] == "fields.site"


async def test_making_a_field_unique_lists_who_shares_values(mapper: Mapper) -> None:
    """All of them are counted, the first are shown with their records, and nothing has changed."""
    key = await add(mapper, "Badge")
    ids = [(await person(mapper, number, badge=badge))["id"] for number, badge in enumerate(["A1", "a1", "B2", "B2", "B2", "C3"])]
    refused = await change(mapper, key, expect=409, unique=True)
    assert (refused["code"], refused["values"], refused["records"]) == ("values_not_unique", 2, 5)
    assert [(one["records"], set(one["record_ids"])) for one in refused["fields"]] == [(3, set(ids[2:5])), (2, set(ids[:2]))]
    await person(mapper, 20, badge="A1")
    for number, badge in enumerate(["X0", "X1", "X2", "X3"]):
        await mapper.call("PATCH", f"/people/{ids[number]}", json={"fields": {"badge": badge}})
    assert (await change(mapper, key, unique=True))["unique"] is True
    assert (await person(mapper, 21, expect=409, badge="x2"))["code"] == "value_taken"
    assert (await change(mapper, key, unique=False))["unique"] is False
    assert (await person(mapper, 21, badge="x2"))["fields"]["badge"] == "x2"


@pytest.mark.parametrize(("data_type", "values"), [("number", [1, 2.5, 10**15]), ("text", ["x" * 900, "ü" * 300, " a "])])
async def test_every_value_is_claimed_as_it_is_compared(mapper: Mapper, data_type: str, values: list[Any]) -> None:
    """Numbers and long texts are compared by another form than short ones; each holder must be found by it."""
    key = await add(mapper, "Badge", data_type=data_type)
    for number, badge in enumerate(values):
        await person(mapper, number, badge=badge)
    await change(mapper, key, unique=True)
    for number, badge in enumerate(values):
        given = badge.upper() if isinstance(badge, str) else badge
        assert (await person(mapper, 20 + number, expect=409, badge=given))["code"] == "value_taken"


async def test_pages_heed_a_field_that_became_unique(mapper: Mapper) -> None:
    """A mapping that was made ready before knows nothing of it."""
    key = await add(mapper, "Badge")
    await mapper.map(badge={"kind": "source", "path": ["badge"]})
    await mapper.observe([source_user(1, badge="A1")])
    await change(mapper, key, unique=True)
    counts = await mapper.observe([source_user(2, badge="a1"), source_user(3, badge="B2")])
    assert (counts["failed"], counts["added"]) == (1, 1)
    assert mapper.last("sync.page.applied.v1").rejections[0].code == "value_taken"


async def test_nobody_slips_in_while_a_field_becomes_unique(mapper: Mapper) -> None:
    """However writers and the change interleave: either the change is refused, or no two records share a value afterwards."""
    key = await add(mapper, "Badge")
    bodies = [
        {"fields": {"username": f"r{number}", "email": f"r{number}@example.com", "role": "Employee", "badge": f"B{number % 6}"}}
        for number in range(12)
    ]
    first, rest = bodies[:3], bodies[3:]
    for body in first:
        await mapper.call("POST", "/people", json=body)
    unique, *_ = await asyncio.gather(
        mapper.answer("PATCH", f"/fields/person/{key}", json={"unique": True}),
        *(mapper.answer("POST", "/people", json=body) for body in rest),
    )
    badges = [one["fields"]["badge"] for one in await mapper.people()]
    if unique.status_code == 200:
        assert len(set(badges)) == len(badges)
    else:
        assert unique.json()["code"] == "values_not_unique"


async def test_a_sync_key_stays_unique(mapper: Mapper) -> None:
    """Were it not, two people would be found where one is meant."""
    key = await add(mapper, "Sophos id", unique=True)
    mapping = {
        "targets": {key: {"kind": "source", "path": ["id"]}, "email": {"kind": "source", "path": ["email"]}},
        "sync_keys": [key],
    }
    await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json=mapping)
    refused = await change(mapper, key, expect=409, unique=False)
    assert (refused["code"], refused["integrations"]) == ("field_is_sync_key", [str(mapper.integration_id)])


async def test_what_is_built_in_stays_as_it_is(mapper: Mapper) -> None:
    """And what is not there is not found; an option that every field has is not emptied."""
    assert (await change(mapper, "email", expect=409, unique=False))["code"] == "field_built_in"
    assert (await change(mapper, "nothing", expect=404, help="x"))["code"] == "field_not_found"
    key = await add(mapper, "Badge")
    assert (await change(mapper, key, expect=422, label=None))["fields"][0]["field"] == "label"
    assert (await change(mapper, key, help="On the door"))["help"] == "On the door"


async def test_a_mandatory_list_keeps_an_item(mapper: Mapper) -> None:
    """An empty list is as empty as none."""
    await add(mapper, "Sites", data_type="text_list", mandatory=True)
    assert (await person(mapper, 1, expect=422, sites=[""]))["fields"][0]["field"] == "fields.sites"
    path = f"/people/{(await person(mapper, 1, sites=['Berlin', 'Rome']))['id']}"
    for refused, named in (({"fields": {"sites": []}}, "fields.sites"), ({"remove": {"sites": ["rome", "berlin"]}}, "remove.sites")):
        assert (await mapper.call("PATCH", path, json=refused, expect=422))["fields"][0]["field"] == named
    assert (await mapper.call("PATCH", path, json={"remove": {"sites": ["rome"]}}))["fields"]["sites"] == ["Berlin"]
