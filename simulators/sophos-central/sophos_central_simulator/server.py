"""Serving the simulator: inside another program on a loopback port, or as a program of its own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI

from sophos_central_simulator.app import create_simulator
from sophos_central_simulator.settings import SimulatorSettings
from sophos_central_simulator.tenants import Parent, Tenant


@dataclass(frozen=True, slots=True)
class Running:
    """A simulator that answers at `url`. `tenant` or `parent` is the one that the settings asked for."""

    url: str
    app: FastAPI
    tenant: Tenant | None = None
    parent: Parent | None = None


class Server(uvicorn.Server):
    """A server that leaves signals to the program around it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


def configuration(app: FastAPI, *, quiet: bool) -> uvicorn.Config:
    """Return how the app is served; quiet, it leaves logging to the program around it."""
    # h11 is pure Python and always there; it also keeps the transport where a cut can find it.
    # The app dates its answers itself: its clock may be ahead of the machine's.
    own_headers: dict[str, Any] = {"server_header": False, "date_header": False}
    given: dict[str, Any] = {"lifespan": "off", "http": "h11", "access_log": False, "timeout_graceful_shutdown": 2, **own_headers}
    if quiet:
        given["log_config"] = None
    return uvicorn.Config(app, **given)


@asynccontextmanager
async def serving(settings: SimulatorSettings) -> AsyncIterator[Running]:
    """Serve inside the block, in the running loop; port 0 takes any free one. Raises `OSError` when the port is taken."""
    app = create_simulator(settings)
    with listening(settings.host, settings.port) as listener:
        server = Server(configuration(app, quiet=True))
        task = asyncio.create_task(server.serve(sockets=[listener]), name="simulator")
        try:
            while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells it by a flag only
                await asyncio.sleep(0.005)
            if task.done():
                await task
            host, port = listener.getsockname()[:2]
            yield Running(f"http://{host}:{port}", app, app.state.first_tenant, app.state.first_parent)
        finally:
            server.should_exit = True
            await task


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Give a bound socket. Raises `OSError`."""
    # The protocol must be named: asyncio sets TCP_NODELAY only then, and without it every answer waits 40 ms for an acknowledgement.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        yield listener
