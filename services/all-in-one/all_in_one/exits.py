"""How commands end: an error of ours becomes one clear line and exit code 2."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import typer
from rich.console import Console

from all_in_one.memory import settle_garbage_collection
from shared.errors import AppError

errors = Console(stderr=True)


def run_or_exit(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end and return the result."""

    def run() -> Any:
        settle_garbage_collection()
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(work)

    return or_exit(run)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's event loop where there is one: it spends far less on sockets."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def or_exit(action: Callable[[], Any]) -> Any:
    """Return what `action` returns; end the process when it raises an error of ours, or is interrupted."""
    try:
        return action()
    except AppError as error:
        errors.print(f"[red]error:[/red] {error.message}", highlight=False)
        if error.remedy:
            errors.print(f"[dim]remedy:[/dim] {error.remedy}", highlight=False)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
