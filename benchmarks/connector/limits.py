"""Full runs under Sophos' published limits, by a clock that jumps ahead whenever the connector waits; the simulator counts and judges."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from rich.table import Table

from connector.rates.waiting import Timing
from shared.observability.logging import configure_logging
from tests.support.connector import Api, World, launched, run, world
from tests.support.virtual_time import jumping

MOST = 1.05
BURST, PER_SECOND = 200, 100 / 60
REFUSED = 429


@dataclass(frozen=True, slots=True)
class Run:
    """One full run: seconds by the virtual clock, and how often the source refused a request."""

    requests: int
    seconds: float
    forecast: float
    refused: int

    @property
    def allowed(self) -> float:
        """Seconds that the limits alone take: a burst of 200 beyond the hundred a minute, then a hundred a minute."""
        return max(0.0, self.requests - BURST) / PER_SECOND


def kept(sizes: list[int], directory: Path) -> Table:
    """Run at each size and return what came out."""
    configure_logging(level="WARNING")
    table = Table(title=f"Under the enforced limits, minutes by a virtual clock (target: at most {MOST}x what the limits alone take)")
    for heading in ("Users", "requests", "limits alone", "run", "ratio", "forecast", "off by", "429s"):
        table.add_column(heading, justify="right")
    for users in sizes:
        place = directory / f"limits-{users}"
        place.mkdir()
        one = asyncio.run(_run(users, place))
        table.add_row(
            f"{users:,}",
            f"{one.requests:,}",
            f"{one.allowed / 60:.2f}",
            f"{one.seconds / 60:.2f}",
            f"{one.seconds / one.allowed:.3f}x" if one.allowed else "-",
            f"{one.forecast / 60:.2f}",
            f"{abs(one.forecast / one.seconds - 1):.1%}",
            str(one.refused),
        )
    return table


async def _run(users: int, directory: Path) -> Run:
    url = SecretStr(f"sqlite:///{directory}/connector.db")
    async with world(url, directory, users=users) as here:
        here.tenant.switches.requests_per_minute, here.tenant.switches.burst = 100, BURST
        here.tenant.recent = deque()
        here.timing = jumping(here.simulator.app.state.tenants.clock)
        async with here.connector(rate_policy="enforced") as api:
            return await _measured(here, api, here.timing)


async def _measured(here: World, api: Api, timing: Timing) -> Run:
    integration_id = await launched(api, here)
    # The first run shows how fast pages come where no limit holds them; the second one is measured.
    await _completed(api, integration_id)
    await timing.sleep(600)
    told = await api.get(f"/integrations/{integration_id}/forecast")
    await timing.sleep(600)
    here.tenant.recent.clear()
    await _completed(api, integration_id)
    asked = [entry for entry in here.tenant.recent if entry["path"].endswith("/directory/users")]
    return Run(len(asked), _seconds(asked), told["minutes"] * 60, sum(entry["status"] == REFUSED for entry in asked))


async def _completed(api: Api, integration_id: str) -> None:
    done = await run(api, integration_id, 7200)
    if done["state"] != "completed":
        raise RuntimeError(f"the run ended {done['state']}: {done['error']}")


def _seconds(asked: list[dict[str, Any]]) -> float:
    first, last = (datetime.fromisoformat(entry["at"]) for entry in (asked[0], asked[-1]))
    return (last - first).total_seconds()
