"""Who asks: a run, in its integration's name, or, inside `urgent()`, somebody whom a person or a workflow waits for."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from connector.rates.limits import Lane
from connector.rates.turns import URGENT


@dataclass(frozen=True, slots=True)
class Asker:
    """The lane of a request, and the flow that it shares a turn with: an integration's requests, or everything urgent."""

    lane: Lane
    flow: str


NOBODY = Asker("sync", "-")
_asker: ContextVar[Asker] = ContextVar("asker")


def current_asker() -> Asker:
    """Return who asks."""
    return _asker.get(NOBODY)


@contextmanager
def _asking(asker: Asker) -> Iterator[None]:
    token = _asker.set(asker)
    try:
        yield
    finally:
        _asker.reset(token)


def urgent() -> AbstractContextManager[None]:
    """Take the reserved lane inside the block."""
    return _asking(Asker("urgent", URGENT))


def for_integration(integration_id: UUID) -> AbstractContextManager[None]:
    """Ask in an integration's name inside the block; integrations of one scope take turns."""
    return _asking(Asker("sync", str(integration_id)))
