"""The list of users: pages, order, filters, partial answers."""

from itertools import pairwise
from typing import Any

import pytest

from tests.contract.simulator.visitor import NOBODY, USERS, Visitor, refusal


async def test_a_page_has_fifty_users_and_no_total(visitor: Visitor) -> None:
    """Without pageTotal a client knows the end by a short page only."""
    answer = await visitor.ask("GET", USERS)
    assert len(answer["items"]) == 50
    assert answer["pages"] == {"current": 1, "size": 50, "maxSize": 100}


@pytest.mark.parametrize(("size", "total"), [(None, 3), (100, 2), (7, 18), (1, 120)])
async def test_page_total_counts_pages_and_rows(visitor: Visitor, size: int | None, total: int) -> None:
    """`total` counts pages, `items` rows."""
    asked: dict[str, Any] = {"pageTotal": "true"} | ({"pageSize": size} if size else {})
    pages = (await visitor.ask("GET", USERS, **asked))["pages"]
    assert pages == {"current": 1, "size": size or 50, "maxSize": 100, "total": total, "items": 120}


@pytest.mark.parametrize("size", [7, 50, 100])
async def test_the_pages_together_show_everybody_once(visitor: Visitor, size: int) -> None:
    """Also in no particular order."""
    seen: list[str] = []
    for number in range(1, -(-120 // size) + 1):
        seen += [user["id"] for user in await visitor.users(page=number, pageSize=size)]
    assert len(seen) == len(set(seen)) == 120


async def test_a_page_past_the_end_is_empty(visitor: Visitor) -> None:
    """Not an error."""
    answer = await visitor.ask("GET", USERS, page=9)
    assert (answer["items"], answer["pages"]["current"]) == ([], 9)


async def test_a_page_size_above_the_maximum_is_cut_or_refused(visitor: Visitor) -> None:
    """Which of both is not known, so it is a switch."""
    answer = await visitor.ask("GET", USERS, pageSize=101)
    assert (len(answer["items"]), answer["pages"]["size"]) == (100, 100)
    await visitor.switch(page_size_above_maximum="refuse")
    refusal(await visitor.http.get(USERS, params={"pageSize": 101}, headers=visitor.headers), 400)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("page", text) for text in ("0", "-1", "x", "", "1.5", "\uff19", "9" * 5000)),
        ("pageSize", "0"),
        ("sort", "shoeSize"),
        ("sort", "name:sideways"),
        ("sourceType", "moonBase"),
        ("searchFields", "shoeSize"),
    ],
)
async def test_a_malformed_parameter_is_refused_or_ignored(visitor: Visitor, name: str, value: str) -> None:
    """Which of both is not known, so it is a switch."""
    refusal(await visitor.http.get(USERS, params={name: value}, headers=visitor.headers), 400)
    await visitor.switch(malformed="ignore")
    assert len(await visitor.users(**{name: value})) == 50


@pytest.mark.parametrize("source", ["custom", "activeDirectory", "azureActiveDirectory"])
async def test_source_type_selects(visitor: Visitor, source: str) -> None:
    """All three kinds are there."""
    found = await visitor.users(sourceType=source, pageSize=100)
    assert found
    assert {user["source"]["type"] for user in found} == {source}


async def test_search_looks_at_the_full_name_unless_told_otherwise(visitor: Visitor) -> None:
    """It is a search, not equality: whoever deletes by e-mail must look again."""
    body = {"name": "Łucja Żakowska", "firstName": "Łucja", "lastName": "Żakowska", "email": "l.zak@example.com", "exchangeLogin": "lzak"}
    made = await visitor.ask("POST", USERS, body=body, expect=201)
    await visitor.ask("POST", USERS, body={"name": "Zakary Doe", "email": "elsewhere@example.com"}, expect=201)

    async def found(**params: str) -> list[str]:
        return sorted(user["name"] for user in await visitor.users(**params))

    assert await found(search="ŻAKOW") == ["Łucja Żakowska"]
    assert await found(search="zakary") == ["Zakary Doe"]
    assert await found(search="L.ZAK@", searchFields="email") == ["Łucja Żakowska"]
    assert await found(search="lzak", searchFields="email,exchangeLogin") == ["Łucja Żakowska"]
    assert await found(search="lzak") == []
    pages = [await visitor.users(search="@example.com", searchFields="email", pageSize=100, page=number) for number in (1, 2)]
    assert made["id"] in [user["id"] for page in pages for user in page]


async def test_ids_travel_by_comma_or_repeated_in_any_case(visitor: Visitor) -> None:
    """Samples join them with commas, common clients repeat the key."""
    wanted = [user["id"] for user in await visitor.users(pageSize=3)]
    for ids in (",".join(wanted), wanted, [wanted[0].upper(), ",".join(wanted[1:]), NOBODY]):
        answer = await visitor.ask("GET", USERS, ids=ids, pageTotal="true")
        assert sorted(user["id"] for user in answer["items"]) == sorted(wanted)
        assert answer["pages"]["items"] == 3
    assert await visitor.users(ids=NOBODY) == []


async def test_group_and_domain_select(visitor: Visitor) -> None:
    """Filters add up."""
    group = next(user for user in await visitor.users() if user["groups"]["items"])["groups"]["items"][0]
    found = await visitor.users(groupId=group["id"], pageSize=100)
    assert 0 < len(found) < 100
    assert all(group in user["groups"]["items"] for user in found)
    assert len(await visitor.users(domain="EXAMPLE.com", pageSize=100)) == 100
    assert await visitor.users(domain="elsewhere.example.com") == []
    both = await visitor.users(groupId=group["id"], sourceType="custom", pageSize=100)
    assert [user["id"] for user in both] == [user["id"] for user in found if user["source"]["type"] == "custom"]


@pytest.mark.parametrize("field", ["id", "name", "firstName", "lastName", "email", "exchangeLogin", "createdAt", "updatedAt"])
async def test_sort_orders_by_each_field(visitor: Visitor, field: str) -> None:
    """Both directions; a stable order is what makes pages safe to read."""
    up = [user[field] for user in await visitor.users(sort=f"{field}:asc", pageSize=100)]
    down = [user[field] for user in await visitor.users(sort=f"{field}:desc", pageSize=100)]
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)


async def test_sort_takes_several_fields(visitor: Visitor) -> None:
    """The first one weighs most."""
    keys = [(user["lastName"], user["email"]) for user in await visitor.users(sort="lastName,email:desc", pageSize=100)]
    assert [last for last, _ in keys] == sorted(last for last, _ in keys)
    same = [(one, two) for one, two in pairwise(keys) if one[0] == two[0]]
    assert same
    assert all(one[1] >= two[1] for one, two in same)


@pytest.mark.parametrize("fields", ["name,email", ["name", "email"]])
async def test_fields_give_a_partial_answer(visitor: Visitor, fields: str | list[str]) -> None:
    """By comma or repeated."""
    assert all(user.keys() == {"id", "name", "email"} for user in await visitor.users(fields=fields))
    user = await visitor.one()
    assert await visitor.ask("GET", f"{USERS}/{user['id']}", fields=fields) == {name: user[name] for name in ("id", "name", "email")}
