"""Sources in parts, such as a partner's tenants: a listing speaks of absence only where it was whole."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.mapper import Mapper, source_user


def ids(*numbers: int) -> list[str]:
    """Return the ids of users."""
    return [str(UUID(int=number)) for number in numbers]


async def seen(mapper: Mapper, shown: dict[str, list[int]], *whole: str, **changes: Any) -> dict[str, str]:
    """Run over parts that show these users; return whom the mapper suspects after a listing of `whole`, with their parts."""
    mapper.run_id = uuid4()
    for page, (part, numbers) in enumerate(shown.items(), start=1):
        await mapper.observe([source_user(number) for number in numbers], page=page, part=part, **changes)
    await mapper.publish(mapper.listing(sum(map(len, shown.values())), *whole, **changes))
    told = mapper.last("sync.absence.suspected.v1")
    return dict(zip(told.source_ids, told.parts, strict=True))


@pytest.mark.parametrize("mode", ["apply", "plan"])
async def test_only_who_was_seen_last_in_a_whole_part_is_suspected(mapper: Mapper, mode: str) -> None:
    """A tenant that was skipped, cut off, or is gone from the partner's list shows nobody; its users are there all the same."""
    await seen(mapper, {"a": [1, 2], "b": [3, 4], "c": [5, 6]}, "a", "b", "c")
    suspects = await seen(mapper, {"a": [1], "b": [3]}, "a", mode=mode)
    assert suspects == dict.fromkeys(ids(2), "a")


async def test_whoever_moves_belongs_to_the_part_that_showed_them_last(mapper: Mapper) -> None:
    """Also when nothing else about them is new: the part is no field of theirs."""
    await seen(mapper, {"a": [1], "b": [2]}, "a", "b")
    assert await seen(mapper, {"b": [1, 2]}, "a", "b") == {}
    assert await seen(mapper, {"a": [], "b": [2]}, "a") == {}, "seen last in b, which was not listed whole"
    assert await seen(mapper, {"a": [], "b": [2]}, "a", "b") == dict.fromkeys(ids(1), "b")


async def test_a_source_without_parts_is_one(mapper: Mapper) -> None:
    """Nothing changes for a tenant's own credential, nor for messages that say nothing of parts."""
    await seen(mapper, {"": [1, 2]})
    assert await seen(mapper, {"": [1]}) == dict.fromkeys(ids(2), "")
    assert await seen(mapper, {"a": [1]}, "a") == {}, "where the other one was seen is not known"


async def test_thousands_of_parts_are_compared_in_one_statement(mapper: Mapper) -> None:
    """A partner has more tenants than a statement takes parameters."""
    await seen(mapper, {"t1": [1], "t2": [2]}, "t1", "t2")
    assert await seen(mapper, {}, *(f"t{number}" for number in range(2, 40_000))) == dict.fromkeys(ids(2), "t2")


async def test_what_is_told_again_keeps_its_part(mapper: Mapper) -> None:
    """A record that is replayed was read in some tenant: nobody else answers for it."""
    await seen(mapper, {"a": [1]}, "a")
    mapper.run_id = uuid4()
    await mapper.observe([source_user(7)], part="b", replayed=True)
    assert await seen(mapper, {"a": [1]}, "a") == {}
    assert await seen(mapper, {"a": [1]}, "a", "b") == dict.fromkeys(ids(7), "b")
