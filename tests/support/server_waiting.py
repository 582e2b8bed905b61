"""Waiting until a server that was just started answers."""

import socket
import time
from collections.abc import Callable


class NoServer(Exception):
    """This way of getting a server does not work here; the words say why."""


def wait_until_it_answers(ask: Callable[[], None], *, seconds: float, alive: Callable[[], bool] = lambda: True) -> None:
    """Ask until there is an answer. Raises `NoServer` when there is none in time, or when the server has ended."""
    until = time.monotonic() + seconds
    while True:
        try:
            ask()
        except Exception as error:
            if not alive():
                raise NoServer("the server ended while it was starting") from error
            if time.monotonic() > until:
                raise NoServer(f"no answer within {seconds:g} s: {type(error).__name__}") from error
            time.sleep(0.1)
        else:
            return


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
