"""Merging, for any two people and whatever happens while they are one: taking it back gives each what is theirs."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select

from mapper.tables import LINKS
from tests.integration.mapper.test_merging import by, everything, merge, unmerge
from tests.integration.mapper.test_sync_keys import NAME_AND_CITY, with_keys
from tests.support.guard import source_id
from tests.support.mapper import Mapper, running_mapper, source_user
from tests.support.undo import another

FREE: dict[str, Any] = {"guard_day_records": 1_000_000, "guard_week_records": 1_000_000}
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "first_name": st.sampled_from(["Ada", "Augusta"]),
        "department": st.sampled_from(["R&D", "Sales"]),
        "tags": st.lists(st.sampled_from(["vip", "board", "leaver"]), max_size=3, unique=True),
    },
)
PAIRS = st.fixed_dictionaries({"mine": FIELDS, "theirs": FIELDS, "missing": st.booleans(), "same_source": st.booleans()})
EXAMPLES = 15
MEANWHILE = st.lists(st.tuples(st.sampled_from(["mine", "theirs", "hand"]), st.sampled_from(["Ann", "Bob", "Eve"])), max_size=5)


def test_merge_then_unmerge_gives_each_what_is_theirs(database_url: SecretStr, tmp_path: Path) -> None:
    """Without anything in between everything is as it was; else each source's word is with whom it speaks of, a hand's with who stayed."""
    with asyncio.Runner() as runner:
        running = running_mapper(database_url, tmp_path / "dead-letters", **FREE)
        mapper = runner.run(running.__aenter__())
        runner.run(prepared(mapper))

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
        @given(pair=PAIRS, meanwhile=MEANWHILE)
        def holds(pair: dict[str, Any], meanwhile: list[tuple[str, str]]) -> None:
            runner.run(check(mapper, meanwhile, **pair))

        try:
            holds()
        finally:
            runner.run(running.__aexit__(None, None, None))


async def prepared(mapper: Mapper) -> None:
    """Map with a key of several fields, too, so that its values are among what must come back."""
    await mapper.ready()
    await mapper.call("POST", "/fields", json={"label": "Department"})
    await with_keys(mapper, "email", NAME_AND_CITY)


async def check(
    mapper: Mapper, meanwhile: list[tuple[str, str]], *, mine: dict[str, Any], theirs: dict[str, Any], missing: bool, same_source: bool
) -> None:
    """Merge two people, let things happen, take it back, and look at both."""
    number, missing = uuid4().int >> 96, missing or same_source
    said = {"mine": (mapper, number, "Ann"), "theirs": (mapper if same_source else await another(mapper), number + 1, "Bob")}
    for source, one, name in said.values():
        await source.observe([source_user(one, name=name, city=f"City {number}")])
    if missing:
        await mapper.publish(mapper.absent(source_id(number)))
    kept, merged = await by(mapper, number), await by(mapper, number + 1)
    for person, values in ((kept, mine), (merged, theirs)):
        await mapper.call("PATCH", f"/people/{person['id']}", json={"fields": {"role": "Employee", **values}})
    before = None if meanwhile else await everything(mapper)
    done = await merge(mapper, kept, merged)
    async with mapper.database.reading() as session:
        assert not (await session.scalars(select(LINKS.c.source_id).where(LINKS.c.person_id == UUID(merged["id"])))).all()
    happened = [(who, value) for who, value in meanwhile if who != "mine" or not missing]
    for who, value in happened:
        if who == "hand":
            await mapper.call("PATCH", f"/people/{kept['id']}", json={"fields": {"department": value}})
        else:
            source, one, _ = said[who]
            said[who] = (source, one, value)
            await source.observe([source_user(one, name=value, city=f"City {number}")])
    await unmerge(mapper, done)
    assert before is None or await everything(mapper) == before
    for who, (source, one, name) in said.items():
        if who == "theirs" or not missing:
            assert (await source.observe([source_user(one, name=name, city=f"City {number}")]))["failed"] == 0
    first, second = [(await mapper.call("GET", f"/people/{one['id']}"))["fields"] for one in (kept, merged)]
    department = [mine.get("department"), *(value for who, value in happened if who == "hand")]
    assert (first["full_name"], first.get("department")) == (said["mine"][2], department[-1])
    assert (second["full_name"], second.get("department")) == (said["theirs"][2], theirs.get("department"))
    assert (first["email"], second["email"]) == (f"zoe.{number}@example.com", f"zoe.{number + 1}@example.com")
    assert (first.get("tags") or [], second.get("tags") or []) == (mine.get("tags") or [], theirs.get("tags") or [])
