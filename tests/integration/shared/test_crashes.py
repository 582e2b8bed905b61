"""Killing the process, without warning, at every place where an event could be lost or doubled."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.bus.amqp.topology import Topology
from shared.bus.in_process import InProcessBus
from shared.bus.port import PARTITIONS
from shared.bus.spool import Spool
from tests.support.killable import NUMBERS
from tests.support.servers import remove_from_broker
from tests.support.telling import SPEAKERS, hearing, telling

PLACES = [
    "after_commit_before_publish",
    "after_publish_before_removal",
    "in_the_handler_before_commit",
    "after_handling_before_ack",
]


@dataclass(frozen=True)
class Stage:
    """Where the program runs: its databases and its bus, as environment variables."""

    teller: SecretStr
    hearer: SecretStr
    environment: dict[str, str]

    async def run(self, **more: str) -> int:
        """Run the program to its end; return how it ended."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.killable",
            env={**os.environ, **self.environment, **more},
            cwd=Path(__file__).parents[3],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), timeout=60)
        print(output.decode()[-3000:])  # noqa: T201 - shown by pytest when the test fails
        return process.returncode or 0


@pytest.fixture(params=["sqlite and in-process", pytest.param("postgres and rabbitmq", marks=[pytest.mark.postgres, pytest.mark.rabbitmq])])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Give the embedded mode's surroundings, then the deployed mode's."""
    if request.param.startswith("sqlite"):
        teller, hearer = (SecretStr(f"sqlite:///{tmp_path / name}.db") for name in ("teller", "hearer"))
        yield Stage(teller, hearer, {**_databases(teller, hearer), "TEST_SPOOL": str(tmp_path / "dead-letters")})
        return
    database, broker = request.getfixturevalue("postgres_url"), request.getfixturevalue("rabbitmq_url")
    name: str = request.getfixturevalue("bus_name")
    bus = {"TEST_BUS_URL": broker.get_secret_value(), "TEST_BUS_NAME": name}
    yield Stage(database, database, {**_databases(database, database), **bus})
    topology = Topology(name)
    own = [f"{name}.hearer.main.{partition}" for partition in range(PARTITIONS)]
    remove_from_broker(broker, topology, [*own, topology.dead_queue("hearer.main")])


def _databases(teller: SecretStr, hearer: SecretStr) -> dict[str, str]:
    return {"TEST_TELLER_URL": teller.get_secret_value(), "TEST_HEARER_URL": hearer.get_secret_value()}


@pytest.mark.parametrize("place", PLACES)
async def test_a_process_killed_anywhere_loses_nothing_and_doubles_nothing(stage: Stage, place: str, tmp_path: Path) -> None:
    """Power cuts and out-of-memory kills happen; a person who is offboarded twice, or never, must not."""
    assert await stage.run(KILL_AT=place) == -signal.SIGKILL
    async with hearing(stage.hearer) as hearer:
        assert 0 < len(await hearer.heard()) < NUMBERS, "it died in the middle of things"
    assert await stage.run() == 0
    async with hearing(stage.hearer) as hearer, telling(stage.teller, InProcessBus(Spool(tmp_path))) as teller:
        heard = await hearer.heard()
        assert await teller.waiting() == 0
    for number, speaker in enumerate(SPEAKERS):
        assert [told for speaking, told in heard if speaking == speaker] == list(range(number, NUMBERS, len(SPEAKERS)))
