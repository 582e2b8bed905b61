"""Who is in a simulated directory."""

import time
import unicodedata
from random import Random
from uuid import RFC_4122, UUID

import httpx

from sophos_central_simulator.people import uuid_from
from sophos_central_simulator.tenants import Tenants
from tests.contract.simulator.visitor import GROUPS, USERS, Visitor, refusal, visiting


async def test_clean_people_have_everything(visitor: Visitor) -> None:
    """A demo must not stumble; the awkward ones are asked for."""
    people = await visitor.everybody()
    always = {"id", "name", "firstName", "lastName", "email", "exchangeLogin", "groups", "tenant", "source", "createdAt", "updatedAt"}
    assert len(people) == 120
    assert all(always <= person.keys() for person in people)
    assert all(person[name] for person in people for name in always)
    assert len({person["email"].lower() for person in people}) == 120
    assert all(person["email"].isascii() for person in people)
    assert all(person["createdAt"] < person["updatedAt"] for person in people)
    assert sum(not person["name"].isascii() for person in people) > 30


async def test_two_in_five_are_synced_from_a_directory(http: httpx.AsyncClient) -> None:
    """So that refusals of deletion are met."""
    told = await (await visiting(http, users=2000)).control("GET", "")
    assert told["users"] == sum(told["by_source"].values()) == 2000
    assert 700 < told["by_source"]["activeDirectory"] + told["by_source"]["azureActiveDirectory"] < 900


async def test_the_same_seed_and_domain_give_the_same_people(http: httpx.AsyncClient) -> None:
    """A failure seen once can be seen again; another domain gives the same names with other ids and e-mails."""
    one, same, elsewhere, other = [
        await (await visiting(http, users=30, **given)).everybody() for given in ({}, {}, {"email_domain": "play.example.org"}, {"seed": 8})
    ]
    assert [{**person, "tenant": None} for person in one] == [{**person, "tenant": None} for person in same]
    assert sorted(person["name"] for person in one) == sorted(person["name"] for person in elsewhere)
    assert all(person["email"].endswith("@play.example.org") for person in elsewhere)
    assert not {person["id"] for person in one} & {person["id"] for person in [*elsewhere, *other]}


async def test_awkward_people_are_there_when_asked_for(http: httpx.AsyncClient) -> None:
    """Each of these stands in a real directory and has broken somebody's sync."""
    people = await (await visiting(http, users=60, awkward=True)).everybody()
    emails = [person["email"] for person in people if "email" in person]
    assert len(people) == 60
    assert any("\\" in person["name"] and "email" not in person and "firstName" not in person for person in people)
    assert any("email" not in person and "lastName" in person for person in people)
    assert any(person.get("lastName") == "" for person in people)
    assert any("lastName" in person and "firstName" not in person for person in people)
    assert len(set(emails)) == len(emails) - 1, "two users have one e-mail"
    assert len({email.lower() for email in emails}) == len(emails) - 2, "and two but for the case of its letters"
    assert any("updatedAt" not in person and "createdAt" in person for person in people)
    assert any("groups" not in person and "createdAt" not in person for person in people)
    assert any("groups" in person and person["groups"]["itemsCount"] < person["groups"]["total"] for person in people)
    assert any(unicodedata.normalize("NFC", person["name"]) != person["name"] for person in people)
    assert {person["source"]["type"] for person in people} > {"custom", "activeDirectory", "azureActiveDirectory"}
    assert any("riskScore" in person for person in people)


async def test_groups_show_their_members(visitor: Visitor) -> None:
    """The embedded list is cut, the count is not; whoever is deleted leaves."""
    listed = await visitor.ask("GET", GROUPS, sort="name", pageTotal="true")
    assert [group["name"] for group in listed["items"]] == sorted(group["name"] for group in listed["items"])
    assert {group["source"]["type"] for group in listed["items"]} == {"custom", "activeDirectory"}
    custom = [group for group in listed["items"] if group["source"]["type"] == "custom"]
    group = max(custom, key=lambda group: int(group["users"]["total"]))
    assert group["users"]["itemsCount"] < group["users"]["total"]
    path = f"{GROUPS}/{group['id']}"
    members = await visitor.ask("GET", f"{path}/users", pageSize=100, sourceType="custom")
    leaver = members["items"][0]["id"]
    assert group["id"] in [mine["id"] for mine in (await visitor.ask("GET", f"{USERS}/{leaver}/groups"))["items"]]
    assert group["id"] in [mine["id"] for mine in (await visitor.ask("GET", GROUPS, userId=leaver))["items"]]
    await visitor.ask("DELETE", f"{USERS}/{leaver}")
    assert (await visitor.ask("GET", path))["users"]["total"] == group["users"]["total"] - 1
    refusal(await visitor.http.get(f"{GROUPS}/{leaver}", headers=visitor.headers), 404)


def test_everybody_in_a_large_directory_is_unique() -> None:
    """Although nobody is held: names, logins and ids come round without meeting."""
    directory = Tenants().create(seed=7, users=20_000, awkward=False, email_domain="example.com").directory
    everybody = list(directory.users.values())
    assert len({person["email"] for person in everybody}) == len({person["id"] for person in everybody}) == len(directory.users) == 20_000
    directory.remove(directory.rows((("id", False),))[0]["id"])
    assert len(directory.rows((("id", False),))) == 19_999


async def test_a_page_comes_without_waiting_for_an_acknowledgement(visitor: Visitor) -> None:
    """Nagle's algorithm would hold the end of each page for 40 ms; the quickest of some shows whether it is off."""
    times = []
    for _ in range(10):
        began = time.perf_counter()
        await visitor.users(pageSize=100)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.035


def test_ids_are_random_uuids() -> None:
    """Version 4, as the service's."""
    made = [UUID(uuid_from(Random(seed))) for seed in range(200)]
    assert {(one.version, one.variant) for one in made} == {(4, RFC_4122)}
