"""The first records of a source, cut to what smart mapping looks at. They pass through, and are neither kept nor logged."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from api_gateway.clients.connector import ConnectorClient
from shared.api.suggestions import MOST_SAMPLES
from shared.errors import AppError

LONGEST_TEXT, MOST_ENTRIES, DEEPEST = 256, 200, 8
MOST_CHARACTERS = 4_000_000
"""Of all records together: a quarter of what a service takes as one request."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Records to look at, or why there are none."""

    records: list[dict[str, Any]] = field(default_factory=list, repr=False)
    problem: str | None = None


NO_SAMPLES = Samples()


async def sampled(connector: ConnectorClient, integration_id: UUID, *, actor: str) -> Samples:
    """Return the first records that an integration would fetch. Never raises for what the source says: suggestions do without."""
    try:
        shown = await connector.preview(integration_id, limit=MOST_SAMPLES, actor=actor)
    except AppError as error:
        return Samples(problem=" ".join(filter(None, (f"{error.message}.", error.remedy))))
    records = trimmed(one.record for one in shown.records if one.problem is None)
    return Samples(records, None if records else "the source showed no records")


def trimmed(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return records with long texts, lists and objects cut, until there are characters enough."""
    kept: list[dict[str, Any]] = []
    left = MOST_CHARACTERS
    for record in records:
        cut = _cut(record, DEEPEST)
        left -= _characters(cut)
        if left < 0:
            break
        kept.append(cut)
    return kept[:MOST_SAMPLES]


def _cut(value: Any, deeper: int) -> Any:
    match value:
        case str():
            return value[:LONGEST_TEXT]
        case dict() | list() if not deeper:
            return None
        case dict():
            return {key: _cut(inner, deeper - 1) for key, inner in list(value.items())[:MOST_ENTRIES] if len(key) <= LONGEST_TEXT}
        case list():
            return [_cut(inner, deeper - 1) for inner in value[:MOST_ENTRIES]]
        case _:
            return value


def _characters(value: Any) -> int:
    match value:
        case str():
            return len(value) + 3
        case dict():
            return sum(len(key) + 4 + _characters(inner) for key, inner in value.items()) + 2
        case list():
            return sum(_characters(inner) + 1 for inner in value) + 2
        case _:
            return 8
