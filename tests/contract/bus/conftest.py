"""The venues in which the conformance suite runs: one for each adapter."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.bus.in_process import InProcessBus
from shared.bus.port import Bus
from shared.bus.spool import Spool
from tests.support.buses import QUICK, Venue, in_this_process, on_rabbitmq


@pytest.fixture(params=["in_process", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
async def venue(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Venue]:
    """Give a place for one adapter's buses; the test runs once in each."""
    if request.param == "in_process":
        yield in_this_process(InProcessBus(Spool(tmp_path / "dead-letters"), retry=QUICK, patience=5.0, drain=0.5))
        return
    async with on_rabbitmq(request.getfixturevalue("rabbitmq_url"), request.getfixturevalue("bus_name")) as rabbitmq:
        yield rabbitmq


@pytest.fixture
async def bus(venue: Venue) -> AsyncIterator[Bus]:
    """Give one bus of the venue."""
    async with venue.opened() as opened:
        yield opened
