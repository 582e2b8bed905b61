"""What a source met while it was patient: told to whoever gathers it, such as the log of a run."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.clock import now
from shared.errors import AppError, Throttled

MOST = 1_000
"""Incidents that wait to be taken; of more, the latest are kept."""


@dataclass(frozen=True, slots=True)
class Incident:
    """A request that failed in a way that may pass."""

    kind: str
    details: dict[str, Any]
    at: datetime = field(default_factory=now)


@dataclass(slots=True)
class _Gathered:
    incidents: deque[Incident] = field(default_factory=lambda: deque(maxlen=MOST))
    requests: int = 0


_GATHERED: ContextVar[_Gathered | None] = ContextVar("incidents", default=None)


@contextmanager
def gathered() -> Iterator[None]:
    """Gather what is met inside the block, by tasks that it starts too, until `taken` takes it."""
    token = _GATHERED.set(_Gathered())
    try:
        yield
    finally:
        _GATHERED.reset(token)


def may_pass(error: AppError, wait_seconds: float | None) -> None:
    """Tell that a request failed, and after how many seconds the source wants to be asked again, if it said so. Nobody may be gathering."""
    kept = _GATHERED.get()
    if kept is not None:
        details = {"code": error.code, "message": error.message, "wait_seconds": wait_seconds}
        kept.incidents.append(Incident("throttled" if isinstance(error, Throttled) else "failure", details))


def taken() -> list[Incident]:
    """Return what was gathered since the last call, oldest first."""
    kept = _GATHERED.get()
    if kept is None:
        return []
    told = list(kept.incidents)
    kept.incidents.clear()
    return told


def sent_in_vain(requests: int) -> None:
    """Tell that so many requests were sent for something that failed: nobody else counts them. Nobody may be gathering."""
    kept = _GATHERED.get()
    if kept is not None:
        kept.requests += requests


def requests_in_vain() -> int:
    """Return how many were told of since the last call."""
    kept = _GATHERED.get()
    if kept is None:
        return 0
    told, kept.requests = kept.requests, 0
    return told
