"""A run under a source that really counts: never refused, hardly longer than the limits allow, and as long as was forecast."""

from collections import deque
from datetime import datetime

import pytest

from connector.rates.waiting import Timing
from tests.support.connector import World, launched, run
from tests.support.small_services import Json
from tests.support.virtual_time import jumping

REFUSED = 429
REQUESTS = 251
"""One user a page, and an empty one that shows the end."""
ALLOWED = (REQUESTS - 200) / (100 / 60)
"""Seconds: a burst of two hundred, then a hundred a minute."""


@pytest.fixture
def timing(here: World) -> Timing:
    """Let the simulator count as Sophos does, by a clock that moves when the connector waits."""
    here.tenant.switches.requests_per_minute, here.tenant.switches.burst = 100, 200
    here.tenant.recent = deque()
    here.timing = jumping(here.simulator.app.state.tenants.clock)
    return here.timing


def seconds_of(record: list[Json]) -> float:
    """Return the seconds from the first to the last request of a tenant's record."""
    moments = [datetime.fromisoformat(entry["at"]) for entry in record]
    return (moments[-1] - moments[0]).total_seconds()


async def test_a_run_is_never_refused_and_hardly_longer_than_the_limits_allow(here: World, timing: Timing) -> None:
    """The source itself judges; the forecast is right within a twentieth."""
    async with here.connector(rate_policy="enforced", page_size=1) as api:
        integration_id = await launched(api, here)
        # What the launch has asked is long forgotten when the run begins.
        await timing.sleep(600)
        told = await api.get(f"/integrations/{integration_id}/forecast")
        await timing.sleep(600)
        here.tenant.recent.clear()
        done = await run(api, integration_id, 120)

    record = [entry for entry in here.tenant.recent if entry["path"].endswith("/directory/users")]
    assert (done["state"], done["fetched"], told["requests"], len(record)) == ("completed", 250, REQUESTS, REQUESTS)
    assert REFUSED not in {entry["status"] for entry in record}
    took = seconds_of(record)
    # The last answer takes a moment of the machine's.
    assert took <= ALLOWED * 1.05 + 1
    assert told["minutes"] * 60 == pytest.approx(took, rel=0.05)
