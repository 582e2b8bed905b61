"""A thousand pages with a fault at every tenth request end in the same database as a calm run."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from rich.console import Console

from all_in_one.composition import composed, migrate
from all_in_one.configuration import Configuration
from all_in_one.demo.api import Api
from all_in_one.demo.directory import Directory
from all_in_one.demo.report import Step
from all_in_one.demo.story import Story
from all_in_one.embedded import DataDirectory
from all_in_one.services import SERVICES
from shared.config import CommonSettings
from sophos_central_simulator.server import serving
from sophos_central_simulator.settings import SimulatorSettings
from tests.support.api_gateway import SERVICE_KEY
from tests.support.connector import ENCRYPTION_KEY
from tests.support.end_state import EndState, end_state

CONTROL = "control-token-of-this-test"
PEOPLE, PAGE_SIZE = 2000, 2
PAGES = PEOPLE // PAGE_SIZE
LEFT = 20
KINDS: list[dict[str, Any]] = [
    {"kind": "throttle"},
    {"kind": "throttle", "retry_after": 0},
    {"kind": "error", "status": 500},
    {"kind": "error", "status": 502, "after": True},
    {"kind": "error", "status": 503},
    {"kind": "slow", "seconds": 0.02},
    {"kind": "cut"},
    {"kind": "cut_after"},
    {"kind": "cut_midway"},
    {"kind": "expire_tokens"},
]


@dataclass(frozen=True, slots=True)
class Loads:
    """What two runs ended with: the first load, and the one after some people changed, joined and left."""

    runs: list[dict[str, Any]]
    state: EndState


def faults(seed: int, requests: int) -> list[dict[str, Any]]:
    """Return faults of every kind that meet a tenth of `requests`, at places that follow from the seed."""
    chance = random.Random(seed)
    places = sorted(chance.sample(range(requests), requests // 10))
    # A fault that was met is gone; those behind it in the list have seen the request pass too.
    return [{**chance.choice(KINDS), "skip": place} for place in places]


@asynccontextmanager
async def loading(
    database_url: SecretStr, directory: Path, simulator: str, control: httpx.AsyncClient, page_size: int
) -> AsyncIterator[Story]:
    """Give an active integration on a fresh instance whose pages are small, and whose patience is great."""
    tenant = await Directory.create(control, seed=11, users=PEOPLE, awkward=False, email_domain="chaos.example.com")
    quick = {"retry_attempts": 12, "retry_first_seconds": 0, "retry_longest_seconds": 0.01, "worker_poll": 0.02, "outbox_poll": 0.02}
    source = {
        "sophos_id_url": simulator,
        "sophos_global_url": simulator,
        "page_size": page_size,
        "rate_policy": "off",
        "encryption_key": ENCRYPTION_KEY,
    }
    overrides: dict[str, dict[str, Any]] = {name: {"database_url": _own(database_url, name)} for name in SERVICES}
    overrides["connector"] |= {**source, **quick, "page_size": page_size, "encryption_key": ENCRYPTION_KEY}
    configuration = Configuration(CommonSettings(data_dir=directory, service_key=SERVICE_KEY), DataDirectory(directory), overrides)
    configuration.data.create()
    await migrate(configuration)
    async with composed(configuration) as services:
        headers = {"Authorization": f"Bearer {services.api_gateway.state.bootstrap_token}"}
        transport = httpx.ASGITransport(services.api_gateway)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers, timeout=60) as http:
            story = Story(Api(http), tenant, Console(quiet=True), label="")
            for prepare in (story.connect, story.draft, story.launch):
                await prepare(Step(0, ""))
            yield story


async def loads(database_url: SecretStr, directory: Path, *, seed: int | None) -> Loads:
    """Load twice: in small pages and with faults when there is a seed for them, calmly in large ones when there is none."""
    page_size = 100 if seed is None else PAGE_SIZE
    settings = SimulatorSettings(port=0, control_token=SecretStr(CONTROL))
    async with (
        serving(settings) as simulator,
        httpx.AsyncClient(base_url=simulator.url, headers={"X-Control-Token": CONTROL}, timeout=30) as control,
        loading(database_url, directory, simulator.url, control, page_size) as story,
    ):
        runs = []
        for number in range(2):
            if seed is not None:
                for fault in faults(seed + number, PAGES):
                    (await control.post(f"/_control/tenants/{story.directory.tenant_id}/faults", json=fault)).raise_for_status()
            if number:
                changes = {"change": 40, "join": 10, "leave": LEFT, "seed": 5}
                (await control.post(f"/_control/tenants/{story.directory.tenant_id}/changes", json=changes)).raise_for_status()
            runs.append(await story.run())
        state = await end_state(_own(database_url, "mapper"))
        left = (await control.get(f"/_control/tenants/{story.directory.tenant_id}")).json()["faults"]
    assert len(left) <= PAGES // 100, "the faults were to be met"
    return Loads(runs, state)


@pytest.mark.timeout(400)
async def test_faults_of_every_kind_leave_no_trace(database_url: SecretStr, tmp_path: Path) -> None:
    """No page is lost or applied twice, nobody is called missing because an answer was, and those who left are."""
    calm = await loads(SecretStr(f"sqlite:///{tmp_path / 'calm.db'}"), tmp_path / "calm", seed=None)
    stormy = await loads(database_url, tmp_path / "stormy", seed=1)
    for expected, met in zip(calm.runs, stormy.runs, strict=True):
        assert (met["state"], met["error"]) == ("completed", None)
        assert [met[name] for name in ("fetched", "missing", "counts")] == [expected[name] for name in ("fetched", "missing", "counts")]
        assert met["requests"] > PAGES * 1.05
    assert stormy.runs[1]["missing"] == LEFT
    assert stormy.state == calm.state


def _own(url: SecretStr, service: str) -> SecretStr:
    """Return the database of one service: a schema of PostgreSQL, or a file of its own."""
    text = url.get_secret_value()
    return SecretStr(text.replace(".db", f"-{service}.db")) if text.startswith("sqlite") else url
