"""Dead letters through the gateway and the command line: the same on every bus."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from all_in_one.cli import app as command_line
from all_in_one.serving import serving
from api_gateway.consumers import subscriptions as gateway_hears
from connector.consumers import subscriptions as connector_hears
from mapper.consumers import subscriptions as mapper_hears
from shared.bus.consumers import CONSUMERS
from shared.bus.port import Bus, Consumer, Message
from shared.clock import now
from shared.errors import Invalid
from shared.events import UsersObserved
from shared.events.cloudevents import encode
from shared.ids import new_id
from tests.support.api_gateway import Gateway, gateway
from tests.support.buses import eventually
from tests.support.mapper import Mapper, source_user
from workflow_engine.consumers import subscriptions as engine_hears

NAME = "Żoë Nobody-May-Read"


class Handling:
    """A consumer of the mapper's name that fails until its cause is mended."""

    def __init__(self) -> None:
        self.mended = False
        self.handled: list[Message] = []

    async def __call__(self, arrived: Message) -> None:
        """Handle a message, or refuse it for good."""
        if not self.mended:
            raise Invalid("the mapping has no sync key", code="no_sync_key")
        self.handled.append(arrived)

    def consumer(self) -> Consumer:
        """Return the consumer."""
        return Consumer("mapper", "sync", frozenset({UsersObserved.topic}), self)


def observed() -> Message:
    """Return a page of one user, whose name is nobody's business."""
    provenance = Mapper.provenance(Mapper(*([None] * 4)))  # type: ignore[arg-type]  # only its ids are asked for
    record = source_user(1, name=NAME, employeeNumber=4711)
    event = UsersObserved(provenance=provenance, page=3, fetched_at=now(), source_ids=[record["id"]], records=[record])
    return Message(event.id, event.topic, event.key, encode(event))


@pytest.fixture
async def here(bus: Bus, sqlite_url: SecretStr, tmp_path: Path) -> AsyncIterator[Gateway]:
    """Give a gateway on each bus."""
    async with gateway(sqlite_url, tmp_path, bus=bus) as made:
        yield made


async def letters(here: Gateway, token: str | None = None, **query: Any) -> list[dict[str, Any]]:
    """Return the list."""
    answer = await here.call("GET", "/dead-letters", token=token, params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def died(here: Gateway, handling: Handling, count: int = 1) -> list[Message]:
    """Publish so many pages that are refused; return them once they are dead letters."""
    sent = [observed() for _ in range(count)]
    await here.bus.publish(sent)

    async def all_there() -> bool:
        return len(await letters(here, consumer="mapper.sync")) == count

    await eventually(all_there)
    assert handling.handled == []
    return sent


async def test_what_died_is_listed_without_people_and_replayed_once_its_cause_is_mended(here: Gateway) -> None:
    """Whoever mends the cause must see what waits, and get it through, without reading everybody's record."""
    handling = Handling()
    async with here.bus.consuming([handling.consumer()]):
        (sent,) = await died(here, handling)
        operator = await here.token_for("operator")
        (listed,) = await letters(here, operator)
        assert (listed["consumer"], listed["id"], listed["topic"]) == ("mapper.sync", str(sent.id), UsersObserved.topic)
        assert (listed["code"], listed["reason"], listed["attempts"]) == ("no_sync_key", "the mapping has no sync key", 1)
        assert (listed["data"]["page"], listed["data"]["records"]) == (3, {"items": 1})
        assert "Nobody" not in str(listed)
        assert "4711" not in str(listed)
        path = f"/dead-letters/mapper.sync/{sent.id}"
        for method, step in (("GET", ""), ("POST", "/replay"), ("POST", "/discard")):
            refused = await here.call(method, path + step, token=operator)
            assert (refused.status_code, refused.json()["needed_role"]) == (403, "admin")
        whole = (await here.call("GET", path)).json()
        assert whole["body"]["data"]["records"][0]["name"] == NAME
        handling.mended = True
        assert (await here.call("POST", f"{path}/replay")).status_code == 204

        async def arrived() -> bool:
            return handling.handled == [sent] and await letters(here) == []

        await eventually(arrived)
        for method, step in (("GET", ""), ("POST", "/replay"), ("POST", "/discard")):
            gone = await here.call(method, path + step)
            assert (gone.status_code, gone.json()["code"]) == (404, "dead_letter_not_found")
    audited = (await here.call("GET", "/audit")).json()["items"]
    assert ("/api/v1/dead-letters/{consumer}/{message_id}/replay", 204) in {(entry["route"], entry["status"]) for entry in audited}


async def test_what_is_discarded_never_arrives(here: Gateway) -> None:
    """And nothing else goes with it."""
    handling = Handling()
    async with here.bus.consuming([handling.consumer()]):
        first, second = await died(here, handling, 2)
        assert (await here.call("POST", f"/dead-letters/mapper.sync/{first.id}/discard")).status_code == 204
        assert [letter["id"] for letter in await letters(here)] == [str(second.id)]
        handling.mended = True
        await here.call("POST", f"/dead-letters/mapper.sync/{second.id}/replay")
        await eventually(lambda: _true(handling.handled == [second]))


async def test_a_consumer_that_does_not_exist_is_named(here: Gateway) -> None:
    """A typing error must not look like an empty list."""
    answer = await here.call("GET", "/dead-letters", params={"consumer": "mapper.nothing"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_consumer")
    assert (await here.call("GET", "/dead-letters", params={"consumer": "../keys"})).status_code == 422
    assert (await here.call("POST", f"/dead-letters/mapper.nothing/{new_id()}/replay")).status_code == 404


async def test_the_command_line_lists_replays_and_discards(here: Gateway) -> None:
    """An operator on a server has no browser."""
    handling = Handling()
    async with here.bus.consuming([handling.consumer()]), serving(here.app, host="127.0.0.1", port=0, shutdown_seconds=2) as url:
        first, second = await died(here, handling, 2)

        async def command(*words: str) -> tuple[int, str]:
            given = ["dead-letters", *words, "--url", url, "--token", here.admin_token]
            done = await asyncio.to_thread(CliRunner().invoke, command_line, given)
            return done.exit_code, done.output

        code, text = await command("list")
        assert (code, str(first.id) in text, str(second.id) in text, "no_sync_key" in text) == (0, True, True, True)
        assert "Nobody" not in text
        assert (await command("discard", "mapper.sync", str(first.id)))[0] == 0
        handling.mended = True
        assert (await command("replay", "mapper.sync", str(second.id)))[0] == 0
        await eventually(lambda: _true(handling.handled == [second]))
        code, text = await command("replay", "mapper.sync", str(first.id))
        assert (code, "has no dead letter" in text) == (2, True)


def test_the_list_of_consumers_is_what_the_services_hear_with() -> None:
    """A consumer that is not in it would keep its dead letters to itself."""
    every = (connector_hears, mapper_hears, engine_hears, gateway_hears)
    assert {f"{one.service}.{lane}" for one in every for _topic, lane in one.heard()} == set(CONSUMERS)


async def _true(value: bool) -> bool:
    return value
