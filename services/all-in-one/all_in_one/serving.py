"""Serving apps with uvicorn inside our own start and stop, and waiting for the signal to stop."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from shared.errors import AppError

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class PortTaken(AppError):
    """Something else listens on the port."""

    code = "port_taken"


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to us: it would end the process before the services have stopped."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


@asynccontextmanager
async def serving(app: FastAPI, *, host: str, port: int, shutdown_seconds: float) -> AsyncIterator[str]:
    """Serve `app` inside the block; give its base URL. Port 0 takes any free one. Raises `PortTaken`."""
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=round(shutdown_seconds),
        timeout_keep_alive=30,
    )
    server = Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name=f"http-{port}")
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells it by a flag only
            await asyncio.sleep(0.01)
        if task.done():
            await task
        address = listener.getsockname()
        yield f"http://{f'[{address[0]}]' if ':' in address[0] else address[0]}:{address[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without the protocol asyncio leaves Nagle's algorithm on, and an answer of several packets waits some 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"cannot listen on {host}:{port}: {error.strerror}",
            remedy="Stop what listens there, or choose another port.",
        ) from error
    return listener


@asynccontextmanager
async def stop_signal() -> AsyncIterator[asyncio.Event]:
    """Give an event that is set at the first SIGINT or SIGTERM; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def stop_once(signum: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(signum)

    for signum in SIGNALS:
        loop.add_signal_handler(signum, stop_once, signum)
    try:
        yield stop
    finally:
        for signum in SIGNALS:
            loop.remove_signal_handler(signum)
