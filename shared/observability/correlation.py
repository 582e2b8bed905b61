"""The correlation id: one id that joins a request, its events, its records and its log lines in all services."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

import structlog

_current: ContextVar[UUID | None] = ContextVar("correlation_id", default=None)


def current_correlation() -> UUID | None:
    """Return the correlation id of what is being done now, if there is one."""
    return _current.get()


@contextmanager
def correlated(correlation_id: UUID) -> Iterator[None]:
    """Do what is inside under `correlation_id`: log lines carry it, and units of work take it over."""
    token = _current.set(correlation_id)
    with structlog.contextvars.bound_contextvars(correlation_id=str(correlation_id)):
        try:
            yield
        finally:
            _current.reset(token)
