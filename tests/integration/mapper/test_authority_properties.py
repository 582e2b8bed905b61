"""Whatever comes in which order: a field has what the highest of those says who say anything of it."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.support.mapper import MAPPING, Mapper, running_mapper

HAND = "hand"
SOURCES = (0, 1, 2)
VALUES = st.sampled_from(["Ann", "Bob", None])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.sampled_from(SOURCES), VALUES),
        st.tuples(st.just("go"), st.sampled_from(SOURCES), st.none()),
        st.tuples(st.just("edit"), st.none(), VALUES),
        st.tuples(st.just("release"), st.none(), st.none()),
        st.tuples(st.just("reorder"), st.permutations((*SOURCES, HAND)), st.integers(1, 4)),
    ),
    max_size=9,
)
Order = tuple[int | str, ...]


@dataclass
class World:
    """What everybody said, and what the field must be: told once more, in a few lines."""

    order: Order
    said: dict[int, tuple[str | None, int]] = field(default_factory=dict)
    hand: str | None = None
    is_edited: bool = False
    value: str | None = None
    clock: int = 0

    def say(self, source: int, value: str | None) -> None:
        """Let a source say something."""
        self.clock += 1
        if source not in self.said or self.said[source][0] != value:
            self.said[source] = (value, self.clock)
        self.settle()

    def place(self, who: int | str) -> int:
        """Return the place of somebody: the lower, the higher."""
        return self.order.index(who) if who in self.order else len(self.order)

    def best_source(self) -> tuple[int, str] | None:
        """Return who wins among the sources."""
        speaking = [(self.place(one), -since, value) for one, (value, since) in self.said.items() if value is not None]
        if not speaking:
            return None
        place, _, value = min(speaking)
        return place, value

    def settle(self) -> None:
        """Let the field be what the highest says."""
        best = self.best_source()
        if self.is_edited and HAND in self.order and (best is None or self.place(HAND) < best[0]):
            self.value = self.hand
        elif best is not None:
            self.value = best[1]


class Told:
    """The same, told to a mapper."""

    def __init__(self, mapper: Mapper, email: str) -> None:
        self.email = email
        self.sources = [replace(mapper, integration_id=uuid4()) for _ in SOURCES]

    async def ready(self, order: Order) -> None:
        """Store the mappings, and the order."""
        for source in self.sources:
            await source.call("PUT", f"/integrations/{source.integration_id}/mapping", json=MAPPING)
        await self.put(order)

    async def put(self, order: Order) -> None:
        """Set the order."""
        sources = [one if isinstance(one, str) else str(self.sources[one].integration_id) for one in order]
        await self.sources[0].call("PUT", "/authority/person/full_name", json={"sources": sources})

    async def say(self, source: int, value: str | None) -> None:
        """Let a source say something, in a run of its own."""
        mine = self.sources[source]
        mine.run_id = uuid4()
        user = {"id": f"{self.email}-{source}", "email": self.email, "source": {"type": "custom"}}
        await mine.observe([user if value is None else {**user, "name": value}])

    async def go(self, source: int) -> None:
        """Let a source have the person no longer."""
        mine = self.sources[source]
        await mine.publish(mine.absent(f"{self.email}-{source}"))

    async def person(self) -> dict[str, Any]:
        """Return the one person."""
        found: dict[str, Any] = await self.sources[0].call("GET", f"/people/by/email/{self.email}")
        return found

    async def patch(self, **change: Any) -> int:
        """Change the person by hand; return the status."""
        return (await self.sources[0].answer("PATCH", f"/people/{(await self.person())['id']}", json=change)).status_code


async def step(told: Told, world: World, what: str, who: Any, value: Any) -> None:
    """Do one step in the world and before the mapper."""
    match what:
        case "say":
            await told.say(who, value)
            world.say(who, value)
        case "go" if who in world.said:
            await told.go(who)
            del world.said[who]
            world.settle()
        case "edit":
            best = world.best_source()
            is_refused = HAND in world.order and world.place(HAND) > 0 and best is not None and best[0] < world.place(HAND)
            assert await told.patch(fields={"full_name": value}) == (409 if is_refused else 200)
            if not is_refused:
                world.value = value
            if not is_refused and HAND in world.order:
                world.is_edited, world.hand = True, value
        case "release":
            assert await told.patch(release=["full_name"]) == 200
            world.is_edited = False
            world.settle()
        case "reorder":
            world.order = tuple(who[:value])
            await told.put(world.order)
            # What follows the order is the next run of everybody who has the person.
            for source, (said, _) in list(world.said.items()):
                await told.say(source, said)
            if world.said:
                world.settle()


def test_a_field_is_what_the_highest_says_who_says_anything(database_url: SecretStr, tmp_path: Path) -> None:
    """Sources, hands and orders come in any sequence; the value must not hang on it."""
    with asyncio.Runner() as runner:
        running = running_mapper(database_url, tmp_path / "dead-letters", guard_day_records=1_000_000, guard_week_records=1_000_000)
        mapper = runner.run(running.__aenter__())
        runner.run(mapper.ready())

        async def check(order: Order, steps: list[tuple[str, Any, Any]]) -> None:
            told, world = Told(mapper, f"{uuid4().hex}@example.com"), World(order)
            await told.ready(order)
            await step(told, world, "say", 0, "Zoë")
            for one in steps:
                await step(told, world, *one)
                found = (await told.person())["fields"].get("full_name")
                assert found == world.value, (one, world)

        @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
        @given(order=st.permutations((*SOURCES, HAND)), length=st.integers(1, 4), steps=STEPS)
        def holds(order: list[int | str], length: int, steps: list[tuple[str, Any, Any]]) -> None:
            runner.run(check(tuple(order[:length]), steps))

        try:
            holds()
        finally:
            runner.run(running.__aexit__(None, None, None))
