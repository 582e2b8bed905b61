"""Serving the simulator inside another program, on a loopback port."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from sophos_central_simulator.app import create_simulator
from sophos_central_simulator.settings import SimulatorSettings


@dataclass(frozen=True, slots=True)
class Running:
    """A simulator that answers at `url`."""

    url: str
    app: FastAPI


class Server(uvicorn.Server):
    """A server that leaves signals to the program around it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


@asynccontextmanager
async def serving(settings: SimulatorSettings) -> AsyncIterator[Running]:
    """Serve inside the block; port 0 takes any free one."""
    app = create_simulator(settings)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host, settings.port))
    server = Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=2))
    task = asyncio.create_task(server.serve(sockets=[listener]), name="simulator")
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells it by a flag only
            await asyncio.sleep(0.01)
        if task.done():
            await task
        host, port = listener.getsockname()[:2]
        yield Running(f"http://{host}:{port}", app)
    finally:
        server.should_exit = True
        await task
        listener.close()
