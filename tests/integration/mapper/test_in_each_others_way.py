"""Transactions that wait for each other: PostgreSQL breaks one of them, and it is done again without anybody noticing."""

import asyncio
from pathlib import Path

import asyncpg
from pydantic import SecretStr
from sqlalchemy import make_url

from tests.support.guard import decide, gone, hired, missing, tray
from tests.support.mapper import Mapper, running_mapper, source_user

SIX = range(1, 7)


async def connected(url: SecretStr) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a connection of somebody else to the mapper's database."""
    plain = make_url(url.get_secret_value()).set(drivername="postgresql").render_as_string(hide_password=False)
    return await asyncpg.connect(plain, server_settings={"search_path": "mapper"}, timeout=30)


async def hold(other: "asyncpg.Connection[asyncpg.Record]", table: str, column: str, value: str) -> None:
    """Lock a row for as long as the transaction lasts."""
    await other.execute(f'SELECT 1 FROM "{table}" WHERE "{column}" = $1 FOR UPDATE', value)


async def test_a_release_that_a_deadlock_breaks_is_made_all_the_same(postgres_url: SecretStr, tmp_path: Path) -> None:
    """Whoever clicks while a page is applied must not see a 500, and each loss is made once."""
    async with running_mapper(postgres_url, tmp_path) as mapper:
        await mapper.ready()
        await hired(mapper, 8)
        await gone(mapper, *SIX)
        entries = [entry["id"] for entry in await tray(mapper)]
        other = await connected(postgres_url)
        try:
            async with other.transaction():
                await hold(other, "withheld", "id", entries[1])
                releasing = asyncio.create_task(decide(mapper, "release", ids=entries))
                await asyncio.sleep(0.4)  # It holds the first entry by now, and waits for the second.
                await hold(other, "withheld", "id", entries[0])
            answer = await releasing
        finally:
            await other.close()
        assert answer["released"] == 6
        assert await missing(mapper) == set(SIX)
        assert {user["revision"] for user in await mapper.saas_users()} == {1, 2}


async def test_a_request_that_a_deadlock_breaks_is_answered_all_the_same(postgres_url: SecretStr, tmp_path: Path) -> None:
    """The same for every route that writes: the caller's request is done once, and answered with success."""
    async with running_mapper(postgres_url, tmp_path) as mapper:
        await mapper.ready()
        await mapper.observe([source_user(number) for number in (1, 2)])
        person = (await mapper.people())[0]
        other = await connected(postgres_url)
        try:
            async with other.transaction():
                await hold(other, "unique_values", "record_id", person["id"])
                change = {"fields": {"email": "new@example.com"}}
                changing = asyncio.create_task(mapper.answer("PATCH", f"/people/{person['id']}", json=change))
                await asyncio.sleep(0.4)  # It holds the person by now, and waits for the address.
                await hold(other, "people", "id", person["id"])
            answer = await changing
        finally:
            await other.close()
        assert (answer.status_code, answer.json()["revision"]) == (200, 2), answer.text


async def test_pages_and_releases_at_the_same_moment_all_succeed(mapper: Mapper) -> None:
    """Seen again while an admin releases them: whoever comes second finds it done."""
    users = await hired(mapper, 30)
    instance = users[0]["saas_instance_id"]
    for _ in range(5):
        await gone(mapper, *range(1, 31))
        backwards = [source_user(number) for number in range(30, 0, -1)]
        page = mapper.publish(mapper.page(backwards))
        answers = await asyncio.gather(page, mapper.answer("POST", "/withheld/release", json={"saas_instance_id": instance}))
        assert answers[1].status_code == 200, answers[1].text
        assert await tray(mapper) == []
        await mapper.observe(backwards)
        assert await missing(mapper) == set()
