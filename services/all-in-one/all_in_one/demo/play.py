"""Setting the stage: a fresh instance with a simulator beside it, or ones that are running, and then the story."""

import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from pydantic import SecretStr
from rich.console import Console

from all_in_one.configuration import Configuration, configure
from all_in_one.demo.api import Api
from all_in_one.demo.directory import Directory
from all_in_one.demo.story import Story
from all_in_one.running import everything
from all_in_one.serving import stop_signal
from shared.config import CommonSettings, load
from shared.errors import Invalid
from shared.observability.logging import configure_logging
from sophos_central_simulator.server import serving as serving_simulator
from sophos_central_simulator.settings import SimulatorSettings


class BadStage(Invalid):
    """The options of the demo do not fit together."""

    code = "bad_stage"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where and how the story is played: the options of `rollcall demo`."""

    once: bool
    url: str | None
    token: str | None
    simulator: str | None
    control_token: str | None
    users: int
    awkward: bool
    seed: int
    port: int


@dataclass(frozen=True, slots=True)
class Set:
    """What the story is played on."""

    gateway_url: str
    token: str
    simulator_url: str
    control_token: str


async def play(stage: Stage, console: Console) -> bool:
    """Play the story on the stage; return whether everything agreed. Stays up afterwards unless it is played once."""
    if stage.url or stage.simulator:
        return await _tell(stage, _running(stage), console)
    async with stop_signal() as stop, _fresh(stage, console) as built:
        good = await _tell(stage, built, console)
        if not stage.once:
            _say_where(console, built)
            await stop.wait()
    return good


def _running(stage: Stage) -> Set:
    if not (stage.url and stage.token and stage.simulator and stage.control_token):
        raise BadStage(
            "--url, --token, --simulator and --control-token belong together",
            remedy="Give the running gateway's URL with an admin's token, and the running simulator's URL with its control token.",
        )
    return Set(stage.url, stage.token, stage.simulator, stage.control_token)


@asynccontextmanager
async def _fresh(stage: Stage, console: Console) -> AsyncIterator[Set]:
    """Start a simulator and all services on new files; those of a play that stays up are kept until the next one."""
    async with AsyncExitStack() as stack:
        common = load(CommonSettings)
        configure_logging(level="WARNING", style="console")
        if stage.once:
            directory = Path(stack.enter_context(TemporaryDirectory(prefix="rollcall-demo-")))
        else:
            directory = _emptied(common.data_dir / "demo", console)
        control_token = secrets.token_urlsafe(24)
        settings = SimulatorSettings(host="127.0.0.1", port=0, control_token=SecretStr(control_token))
        simulator = await stack.enter_async_context(serving_simulator(settings))
        built = await stack.enter_async_context(everything(_configuration(stage, directory, simulator.url)))
        if built.admin_token is None:
            raise BadStage("the fresh instance has an admin already", remedy=f"Remove {directory} and play again.")
        yield Set(built.url, built.admin_token, simulator.url, control_token)


def _configuration(stage: Stage, directory: Path, simulator_url: str) -> Configuration:
    overrides: dict[str, dict[str, Any]] = {
        "api-gateway": {"port": 0 if stage.once else stage.port},
        "connector": {"sophos_id_url": simulator_url, "sophos_global_url": simulator_url},
    }
    return configure(overrides=overrides, data_dir=directory, bus_url=None)


def _emptied(directory: Path, console: Console) -> Path:
    """Return the directory of plays that stay up, empty: each begins with a new directory of people."""
    if directory.exists():
        console.print(f"[dim]the last play's data in {directory} is replaced[/dim]")
        shutil.rmtree(directory)
    return directory


async def _tell(stage: Stage, built: Set, console: Console) -> bool:
    mark = secrets.token_hex(3)
    async with AsyncExitStack() as stack:
        gateway = httpx.AsyncClient(base_url=built.gateway_url, headers={"Authorization": f"Bearer {built.token}"}, timeout=60)
        control = httpx.AsyncClient(base_url=built.simulator_url, headers={"X-Control-Token": built.control_token}, timeout=60)
        api = Api(await stack.enter_async_context(gateway))
        directory = await Directory.create(
            await stack.enter_async_context(control),
            seed=stage.seed,
            users=stage.users,
            awkward=stage.awkward,
            email_domain=f"{mark}.example.com",
        )
        good = await Story(api, directory, console, label=f" {mark}" if stage.url else "").play()
    verdict = "[bold green]Every count agrees.[/bold green]" if good else "[bold red]Something differs; see above.[/bold red]"
    console.print(verdict)
    return good


def _say_where(console: Console, built: Set) -> None:
    console.print(f"\nRollcall stays up at [bold]{built.gateway_url}[/bold], the simulated Sophos Central at {built.simulator_url}.")
    console.print(f"Admin token of this play: [bold]{built.token}[/bold]", soft_wrap=True, highlight=False)
    example = f"curl -H 'Authorization: Bearer {built.token}' '{built.gateway_url}/api/v1/people?limit=3'"
    console.print(f"Try: {example}", soft_wrap=True, highlight=False)
    console.print("Stop with Ctrl-C.")
