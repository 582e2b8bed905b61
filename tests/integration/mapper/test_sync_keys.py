"""Sync keys: by which fields a record finds its person, in which order, compared how, and whether they are updated."""

import asyncio
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, func, select

from mapper.matching.defining import forget_keys
from mapper.matching.holding import KeyJustTaken
from mapper.pages.applying import apply_pages
from mapper.tables import KEY_VALUES, MATCH_KEYS
from tests.support.mapper import MAPPING, Mapper, source_user

CITY = {"kind": "source", "path": ["city"]}
NAME_AND_CITY = {"fields": ["full_name", "city"]}
NAME_AND_EMAIL = {"fields": ["full_name", "email"]}


async def with_keys(mapper: Mapper, *sync_keys: Any, **more: Any) -> dict[str, Any]:
    """Map a city as well, and find people by these keys."""
    if "city" not in [one["key"] for one in (await mapper.call("GET", "/fields", params={"object_type": "person"}))["items"]]:
        await mapper.call("POST", "/fields", json={"label": "City"})
    targets = {**MAPPING["targets"], "city": CITY}  # type: ignore[dict-item]
    mapping = {"targets": targets, "sync_keys": list(sync_keys), **more}
    stored: dict[str, Any] = await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json=mapping)
    return stored


def another_source(mapper: Mapper) -> None:
    """Go on as another integration, which has links to nobody."""
    mapper.integration_id, mapper.run_id = uuid4(), uuid4()


async def test_several_fields_find_a_person_together_whatever_their_case_and_form(mapper: Mapper) -> None:
    """A source without addresses still names people: by what only one of them has together."""
    await with_keys(mapper, "email")
    await mapper.observe([source_user(1, name="Zoë", city="Köln"), source_user(2, name="Zoë", city="Ulm")])
    another_source(mapper)
    await with_keys(mapper, NAME_AND_CITY)
    counts = await mapper.observe([source_user(7, name="ZOE\u0308", city="köln"), source_user(8, name="Zoë", city="Bonn")])
    assert (counts["updated"], counts["added"]) == (1, 1)
    emails = {person["fields"]["city"]: person["fields"]["email"] for person in await mapper.people()}
    assert emails == {"köln": "zoe.7@example.com", "Ulm": "zoe.2@example.com", "Bonn": "zoe.8@example.com"}


async def test_a_key_of_which_a_field_is_empty_finds_nobody(mapper: Mapper) -> None:
    """Half a key would find whoever happens to have no city either."""
    await with_keys(mapper, "email")
    await mapper.observe([source_user(1, name="Zoë")])
    another_source(mapper)
    await with_keys(mapper, NAME_AND_CITY)
    assert (await mapper.observe([source_user(7, name="Zoë")]))["added"] == 1


async def test_what_a_hand_changes_is_found_by_the_new_value_alone(mapper: Mapper) -> None:
    """Keys follow the records, whoever writes them."""
    await with_keys(mapper, NAME_AND_CITY)
    await mapper.observe([source_user(1, name="Zoë", city="Köln")])
    (person,) = await mapper.people()
    await mapper.call("PATCH", f"/people/{person['id']}", json={"fields": {"city": "Ulm"}})
    another_source(mapper)
    await with_keys(mapper, NAME_AND_CITY)
    counts = await mapper.observe([source_user(7, name="Zoë", city="Köln"), source_user(8, name="Zoë", city="Ulm")])
    assert (counts["updated"], counts["added"]) == (1, 1)


async def test_plus_addressing_is_off_until_it_is_asked_for(mapper: Mapper) -> None:
    """Whether a plus means another person depends on the mail server: nobody guesses."""
    await mapper.observe([source_user(1, email="ada@example.com")])
    another_source(mapper)
    await mapper.ready()
    assert (await mapper.observe([source_user(2, email="ada+hr@example.com")]))["added"] == 1
    another_source(mapper)
    await mapper.ready(sync_keys=[{"fields": [{"field": "email", "plus_addressing": True}], "updates": False}])
    # Whoever has a plus in the address that is stored is the same, too: between two, nobody guesses.
    assert (await mapper.observe([source_user(3, email="ada+it@example.com")]))["failed"] == 1
    people = await mapper.people()
    (other,) = [one for one in people if one["fields"]["email"] == "ada+hr@example.com"]
    await mapper.call("PATCH", f"/people/{other['id']}", json={"fields": {"email": "hr@example.com"}})
    assert (await mapper.observe([source_user(3, email="ada+it@example.com", name="Ada")]))["updated"] == 1
    (ada,) = [one for one in await mapper.people() if one["fields"]["full_name"] == "Ada"]
    assert ada["fields"]["email"] == "ada@example.com", "the key finds, and is not updated"


@pytest.mark.parametrize("updates", [True, False])
async def test_a_key_says_in_words_whether_it_is_updated_and_does_so(mapper: Mapper, *, updates: bool) -> None:
    """A switch that nobody finds leaves people wondering why an address never changes."""
    stored = await with_keys(mapper, "username", {"fields": ["email"], "updates": updates}, targets=MAPPING["targets"])
    first, second = stored["finds_by"]
    assert (first["place"], second["place"], second["updates"]) == ("primary", "secondary", updates)
    assert first["says"] == "Primary key: username. This key finds people, and is updated from the source."
    assert ("is not updated from the source" in second["says"]) is not updates
    await mapper.observe([source_user(1)])
    await mapper.observe([source_user(1, email="new@example.com")], page=2)
    (person,) = await mapper.people()
    assert person["fields"]["username"] == "new@example.com"
    assert person["fields"]["email"] == ("new@example.com" if updates else "zoe.1@example.com")


async def test_a_plain_name_stays_a_plain_name(mapper: Mapper) -> None:
    """Whoever wrote mappings before reads what they wrote; what says nothing more than a name is stored as one."""
    stored = await with_keys(mapper, "username", {"fields": [{"field": "email"}], "updates": True}, {"fields": ["full_name", "city"]})
    assert stored["sync_keys"][:2] == ["username", "email"]
    assert [part["field"] for part in stored["sync_keys"][2]["fields"]] == ["full_name", "city"]
    again = await mapper.call(
        "PUT", f"/integrations/{mapper.integration_id}/mapping", json={"targets": stored["targets"], "sync_keys": stored["sync_keys"]}
    )
    assert again["version"] == stored["version"]


@pytest.mark.parametrize(
    ("sync_keys", "place"),
    [
        ([{"fields": ["full_name", "nothing"]}], "sync_keys.nothing"),
        ([{"fields": ["full_name", "first_name"]}], "sync_keys.0.first_name"),
        ([{"fields": ["full_name", "full_name"]}], "sync_keys.0.full_name"),
        ([{"fields": ["full_name", "synced_at"]}], "sync_keys.0.synced_at"),
        ([{"fields": ["role", "tenant_id"]}], "sync_keys.0"),
        ([{"fields": ["full_name"]}], "sync_keys.full_name"),
        (["email", {"fields": ["email"], "updates": True}], "sync_keys.1"),
        (["email", "email"], "sync_keys.1"),
        ([{"fields": [{"field": "email", "plus_addressing": False}]}, "email"], "sync_keys.1"),
        (["email", NAME_AND_EMAIL, {"fields": ["email", "full_name"]}], "sync_keys.2"),
        (["email", {"fields": ["email", "full_name"], "updates": False}], "sync_keys.email"),
    ],
)
async def test_a_key_that_can_find_nobody_is_refused_at_its_place(mapper: Mapper, sync_keys: list[Any], place: str) -> None:
    """Said when the mapping is stored, not by a run at night."""
    mapping = {**MAPPING, "sync_keys": sync_keys}
    answer = await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json=mapping, expect=422)
    assert answer["code"] in {"bad_sync_key", "unknown_field"}
    assert place in [problem["field"] for problem in answer["fields"]]


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ({"fields": ["email"], "case": "kept"}, "sync_keys.0.case"),
        ({"fields": []}, "sync_keys.0.fields"),
        ({"fields": [{"field": "email", "plus_addressing": "at times"}]}, "sync_keys.0.fields.0.plus_addressing"),
        (5, "sync_keys.0"),
    ],
)
async def test_what_is_wrong_with_a_key_is_the_one_thing_said(mapper: Mapper, key: Any, place: str) -> None:
    """Whoever wrote an object meant one: that a name would have been a text is no help."""
    mapping = {**MAPPING, "sync_keys": [key]}
    answer = await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json=mapping, expect=422)
    assert [problem["field"] for problem in answer["fields"]] == [place]


async def test_two_sources_at_once_never_make_two_people_of_one_key(mapper: Mapper) -> None:
    """Whoever found nobody is the first, and of these the database takes one: the other is told so, and looks again."""
    pages = []
    for number in (1, 2):
        another_source(mapper)
        await with_keys(mapper, NAME_AND_CITY)
        pages.append(mapper.page([source_user(number, name="Zoë", city="Köln")]))
    left = pages
    while left:
        attempts = [mapper.units.do(partial(apply_pages, events=[page])) for page in left]
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert {type(one) for one in outcomes} <= {type(None), KeyJustTaken}
        left = [page for page, outcome in zip(left, outcomes, strict=True) if outcome is not None]
    (person,) = await mapper.people()
    assert person["revision"] == 2, "the second source has written the first one's person"
    async with mapper.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(KEY_VALUES)) == 1


async def test_keys_cost_a_page_no_statement_per_record(mapper: Mapper) -> None:
    """A directory of ten thousand must not ask ten thousand questions."""
    await with_keys(mapper, NAME_AND_CITY, "email")
    counts = []
    for size in (3, 60):
        statements: list[str] = []

        def note(*told: Any, to: list[str] = statements) -> None:
            to.append(told[2])

        engine = mapper.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        start = size * 1000
        await mapper.observe([source_user(start + number, city=f"C{number}") for number in range(size)])
        event.remove(engine, "before_cursor_execute", note)
        counts.append(sum("key_values" in one for one in statements))
    assert counts[0] == counts[1] > 0


async def test_a_key_that_no_mapping_uses_is_forgotten(mapper: Mapper) -> None:
    """What nobody is looked for by is not kept."""
    await with_keys(mapper, NAME_AND_CITY)
    await mapper.observe([source_user(1, name="Zoë", city="Köln")])
    assert await forget_keys(mapper.units) == 0
    await with_keys(mapper, "email")
    assert await forget_keys(mapper.units) == 0, "the run that wrote last began with it"
    mapper.run_id = uuid4()
    await mapper.observe([source_user(1, name="Zoë", city="Köln")])
    assert await forget_keys(mapper.units) == 1
    async with mapper.database.reading() as session:
        for table in (KEY_VALUES, MATCH_KEYS):
            assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_a_plan_sees_what_its_earlier_pages_would_do_to_keys(mapper: Mapper) -> None:
    """A plan that takes one person for two is no plan."""
    await with_keys(mapper, NAME_AND_CITY)
    mapper.run_id = uuid4()
    await mapper.observe([source_user(1, name="Zoë", city="Köln")], mode="plan")
    counts = await mapper.observe([source_user(2, name="Zoë", city="KÖLN")], page=2, mode="plan")
    assert (counts["added"], counts["failed"]) == (0, 1)
    assert await mapper.people() == []
