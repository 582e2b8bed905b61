"""dlt's side: its program run three times on a directory of its own, made from the same seed."""

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx

from all_in_one.demo.directory import Directory
from benchmarks.sync.processes import Finished, Meter, run_to_end
from benchmarks.sync.simulator import Simulator, change_some, new_directory

PYTHON = Path(__file__).parents[1] / ".venv/bin/python"
PROGRAM = Path(__file__).with_name("dlt_peer.py")


async def passes(simulator: Simulator, users: int, database_url: str, directory: Path, server: Meter) -> list[Finished]:
    """Load three times: first, unchanged, and with 1 % changed; each time in a process that signs in anew.

    `server` tells the processor time of a database server, which is added.
    """
    async with simulator.control() as control:
        tenant = await new_directory(control, users)
        done = []
        for number in range(3):
            if number == 2:
                await change_some(tenant, users)
            # A token lives for an hour: three passes over a large directory may take longer, one does not.
            words = [simulator.url, await _token(control, tenant), tenant.tenant_id, database_url, str(directory / "dlt")]
            worked = server()
            finished = await asyncio.to_thread(run_to_end, [str(PYTHON), str(PROGRAM), *words], directory / f"dlt-{number}.log")
            done.append(replace(finished, worked=finished.worked + server() - worked))
        return done


async def _token(control: httpx.AsyncClient, tenant: Directory) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": tenant.client_id,
        "client_secret": tenant.client_secret,
        "scope": "token",
    }
    signed_in = await control.post("/api/v2/oauth2/token", data=form)
    return str(signed_in.raise_for_status().json()["access_token"])
