"""What passes while a client reads: time, limits, people who come and go between two pages, and lists that lag behind."""

import httpx

from tests.contract.simulator.visitor import ENDPOINTS, USERS, Visitor, control, refusal, visiting

WHOAMI = "/whoami/v1"


async def status(visitor: Visitor, path: str = WHOAMI) -> int:
    """Return what a call answers."""
    return (await visitor.http.get(path, headers=visitor.headers)).status_code


async def test_the_clock_goes_ahead_and_never_back(visitor: Visitor) -> None:
    """Tokens end, changes are later."""
    before = (await control(visitor.http, "GET", "/clock"))["now"]
    assert (await control(visitor.http, "POST", "/clock", {"advance": 3000}))["now"] > before
    assert await status(visitor) == 200
    await control(visitor.http, "POST", "/clock", {"advance": 601})
    assert await status(visitor) == 401
    await visitor.sign_in()
    made = await visitor.ask("POST", USERS, body={"name": "Late"}, expect=201)
    assert made["createdAt"] > before
    await control(visitor.http, "POST", "/clock", {"advance": -1}, expect=400)


async def test_the_published_limits_count(visitor: Visitor) -> None:
    """A hundred a minute with bursts to three hundred; a minute later they pass again, without waiting for it."""
    await visitor.switch(requests_per_minute=100, burst=200)
    answers = [await status(visitor) for _ in range(302)]
    assert answers == [200] * 300 + [429] * 2
    await control(visitor.http, "POST", "/clock", {"advance": 61})
    assert await status(visitor) == 200


async def test_a_day_has_a_limit_too(visitor: Visitor) -> None:
    """Retry-After says when the day is over; another tenant is not concerned."""
    await visitor.switch(requests_per_day=3)
    other = await visiting(visitor.http)
    used = [await visitor.http.get(WHOAMI, headers=visitor.headers) for _ in range(5)]
    assert sum(answer.status_code == 429 for answer in used) >= 2
    refusal(used[-1], 429)
    assert 86_000 < int(used[-1].headers["retry-after"]) <= 86_400
    assert await status(other) == 200
    await control(visitor.http, "POST", "/clock", {"advance": 86_400})
    await visitor.sign_in()
    assert await status(visitor) == 200


async def test_people_come_and_go_between_two_pages(visitor: Visitor) -> None:
    """Queued beforehand, so that a client that pages by itself meets it: a page slides, and somebody is skipped or seen twice."""
    await visitor.fault("drift", path=USERS, skip=1, leave=30, join=2, change=5)
    first = await visitor.users(pageSize=50, sort="id:asc")
    second = await visitor.users(pageSize=50, sort="id:asc", page=2)
    assert (len(first), len(second)) == (50, 42)
    everybody = await visitor.everybody()
    assert len(everybody) == 92
    seen = {one["id"] for one in [*first, *second]}
    assert {one["id"] for one in everybody} - seen


async def test_an_unsorted_list_may_turn_round(visitor: Visitor) -> None:
    """Nothing is promised without a sort: reading page by page then misses people."""
    await visitor.switch(unsorted="turning")
    pages = [await visitor.users(pageSize=60, page=number) for number in (1, 2)]
    assert {one["id"] for one in pages[0]} == {one["id"] for one in pages[1]}
    assert len(await visitor.everybody()) == 120, "sorted, it is steady"


async def test_lists_may_lag_behind_a_deletion(visitor: Visitor) -> None:
    """By id somebody is gone at once; lists, counts and searches show them until the time is over."""
    await visitor.switch(list_lag=60)
    user = await visitor.one()
    await visitor.ask("DELETE", f"{USERS}/{user['id']}")
    assert await status(visitor, f"{USERS}/{user['id']}") == 404
    for sort in ("id:asc", "updatedAt:desc", "name"):
        listed = await visitor.ask("GET", USERS, sort=sort, pageSize=100, pageTotal="true")
        assert listed["pages"]["items"] == 120
        both = [*listed["items"], *await visitor.users(sort=sort, pageSize=100, page=2)]
        assert [one for one in both if one["id"] == user["id"]] == [user]
    assert user in await visitor.users(search=user["name"])
    await control(visitor.http, "POST", "/clock", {"advance": 61})
    assert len(await visitor.everybody()) == 119
    assert user not in await visitor.users(search=user["name"])


async def test_a_fault_meets_endpoints_as_well(http: httpx.AsyncClient) -> None:
    """A connection dropped after the write: the device is gone all the same."""
    owner = await visiting(http, users=5, endpoints=5)
    one = (await owner.ask("GET", ENDPOINTS))["items"][0]["id"]
    await owner.fault("cut_after", path=ENDPOINTS)
    try:
        await http.delete(f"{ENDPOINTS}/{one}", headers=owner.headers)
    except httpx.RemoteProtocolError:
        assert await status(owner, f"{ENDPOINTS}/{one}") == 404
    else:
        raise AssertionError
