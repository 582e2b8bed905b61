"""Which lane a request takes: what runs inside `urgent()` is waited for by a person or a workflow."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from connector.rates.limits import Lane

_lane: ContextVar[Lane] = ContextVar("lane", default="sync")


def current_lane() -> Lane:
    """Return the lane of whoever asks."""
    return _lane.get()


@contextmanager
def urgent() -> Iterator[None]:
    """Take the reserved lane inside the block."""
    token = _lane.set("urgent")
    try:
        yield
    finally:
        _lane.reset(token)
