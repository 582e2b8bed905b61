"""Our side: an integration set up and run three times through the public API."""

import asyncio
import time

import httpx
from rich.console import Console

from all_in_one.demo.api import Api
from all_in_one.demo.report import Step
from all_in_one.demo.story import Story
from benchmarks.sync.processes import Meter, Took
from benchmarks.sync.simulator import Simulator, change_some, new_directory
from benchmarks.sync.stacks import Stack


async def passes(ours: Stack, simulator: Simulator, users: int, server: Meter) -> list[Took]:
    """Set up an integration, then load three times: first, unchanged, and with 1 % changed.

    `server` tells the processor time of a database server, which is added.
    """
    async with (
        httpx.AsyncClient(base_url=ours.url, headers={"Authorization": f"Bearer {ours.token}"}, timeout=60) as gateway,
        simulator.control() as control,
    ):
        directory = await new_directory(control, users)
        story = Story(Api(gateway), directory, Console(quiet=True), label="", patience=7200)
        for prepare in (story.connect, story.draft, story.launch):
            await prepare(Step(0, ""))
        done = [await _pass(ours, story, server), await _pass(ours, story, server)]
        await change_some(directory, users)
        done.append(await _pass(ours, story, server))
        return done


async def _pass(ours: Stack, story: Story, server: Meter) -> Took:
    """Run through the whole directory: from the request to the balanced end, and what is worked off in the second after it."""
    began, worked = time.perf_counter(), ours.worked() + server()
    run = await story.run()
    seconds = time.perf_counter() - began
    if run["state"] != "completed":
        raise RuntimeError(f"the run ended {run['state']}: {run['error']}")
    await asyncio.sleep(1)
    return Took(seconds, ours.worked() + server() - worked)
