"""A missing person who comes back while somebody new has their address: two users of a source never become one person."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from mapper.tables import LINKS
from tests.support.mapper import Mapper, source_user

COMES_BACK = source_user(1, email="zoe.moved@example.com")
TOOK_THE_ADDRESS = source_user(2, email="zoe.1@example.com", name="Newcomer")


async def gone(mapper: Mapper) -> str:
    """Let user 1 be there, then be missing; return their person."""
    await mapper.observe([source_user(1)])
    await mapper.publish(mapper.absent(str(UUID(int=1))))
    (person,) = await mapper.people()
    return str(person["id"])


async def living(mapper: Mapper) -> dict[str, str]:
    """Return to whom each id of the source leads."""
    async with mapper.database.reading() as session:
        rows = await session.execute(select(LINKS.c.source_id, LINKS.c.person_id).where(LINKS.c.deleted_at.is_(None)))
        return {source_id: str(person_id) for source_id, person_id in rows}


@pytest.mark.parametrize(
    "records", [[COMES_BACK, TOOK_THE_ADDRESS], [TOOK_THE_ADDRESS, COMES_BACK]], ids=["returns_first", "newcomer_first"]
)
async def test_on_one_page_the_source_s_own_id_comes_before_an_address(mapper: Mapper, records: list[dict[str, Any]]) -> None:
    """The id says that the one who returns is the person that was missing; an address passes from one to another."""
    person_id = await gone(mapper)
    counts = await mapper.observe(records, page=2)
    assert (counts["added"], counts["updated"], counts["failed"]) == (1, 1, 0)
    led = await living(mapper)
    assert led[str(UUID(int=1))] == person_id
    assert led[str(UUID(int=2))] != person_id
    emails = {person["id"]: person["fields"]["email"] for person in await mapper.people()}
    assert emails == {person_id: "zoe.moved@example.com", led[str(UUID(int=2))]: "zoe.1@example.com"}


@pytest.mark.parametrize("parcel", [True, False], ids=["in_one_parcel", "one_by_one"])
async def test_whoever_was_taken_for_the_missing_person_on_an_earlier_page_stays_so(mapper: Mapper, *, parcel: bool) -> None:
    """Before the one who returns is shown, the newcomer can only be that person under a new id; afterwards there are two, not one."""
    person_id = await gone(mapper)
    if parcel:
        await mapper.publish(mapper.page([TOOK_THE_ADDRESS], page=2), mapper.page([COMES_BACK], page=3))
    else:
        await mapper.observe([TOOK_THE_ADDRESS], page=2)
        await mapper.observe([COMES_BACK], page=3)
    led = await living(mapper)
    assert led[str(UUID(int=2))] == person_id
    assert led[str(UUID(int=1))] != person_id, "two users of one source are two people"
    assert len(await mapper.people()) == 2
