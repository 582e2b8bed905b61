"""Who wins for a field: the order of its sources, and what each of them says. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.api.authority import HandChoice

HAND = "hand"
Assertion = Mapping[str, Any]
"""What one record of a source says of one field: `value`, or `empties`; since when (`at`), by which `run` and `version` of the mapping,
and `raw`, where that was something else."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who wins for one field."""

    sources: tuple[str, ...] = ()
    """Ids of integrations, the highest first; `hand` may stand among them."""
    hand: HandChoice | None = None

    def rank(self, source: str) -> int:
        """Return the place of a source: the lower, the higher it stands. All that are not named share the last one."""
        return self.sources.index(source) if source in self.sources else len(self.sources)

    @property
    def hand_rank(self) -> int | None:
        """The place of a hand edit; None where sources overwrite it."""
        if HAND in self.sources:
            return self.sources.index(HAND)
        return -1 if self.hand == "keep" else None


@dataclass(frozen=True, slots=True)
class Authority:
    """The fields of an object type for which somebody said who wins. Of all others nothing is remembered: the last writer wins."""

    orders: Mapping[str, Order] = field(default_factory=dict)
    revision: int = 0
    """Counts up with each change of any of them."""

    def __bool__(self) -> bool:
        return bool(self.orders)


@dataclass(frozen=True, slots=True)
class Source:
    """A record of a source that is there, and what it says: by field; None while it has not been asked."""

    integration_id: str
    source_id: str
    says: Mapping[str, Assertion] | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A hand edit that is kept."""

    value: Any
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Winner:
    """Who wins for a field, and what it shall be."""

    by: Source | Kept
    value: Any

    @property
    def is_source(self) -> bool:
        """Whether it is no hand."""
        return isinstance(self.by, Source)


def speaks(assertion: Assertion | None) -> bool:
    """Return whether something is said: a value, or that there is none."""
    return assertion is not None and (assertion.get("value") is not None or bool(assertion.get("empties")))


def winner_of(order: Order, key: str, sources: Iterable[Source], kept: Kept | None) -> Winner | None:
    """Return who wins for a field; None where it stays as it is.

    It stays when nobody says anything, and while a source of a higher place than all that do has not been asked: who is only waiting
    for its next run must not lose to one that comes first.
    """
    found: list[tuple[int, Source, Assertion]] = []
    waiting = len(order.sources)
    for source in sources:
        rank = order.rank(source.integration_id)
        said = None if source.says is None else source.says.get(key)
        if said is None:
            waiting = min(waiting, rank)
        elif speaks(said):
            found.append((rank, source, said))
    hand_rank = None if kept is None else order.hand_rank
    best = min((rank for rank, _, _ in found), default=None)
    if kept is not None and hand_rank is not None and (best is None or hand_rank < best):
        return Winner(kept, kept.value) if hand_rank < waiting else None
    if best is None or waiting < best:
        return None
    rivals = [(said["at"], source.integration_id, source.source_id, source, said) for rank, source, said in found if rank == best]
    *_, source, said = max(rivals, key=lambda rival: rival[:3])
    return Winner(source, said.get("value"))


def says_more(before: Mapping[str, Assertion] | None, now: Mapping[str, Assertion]) -> dict[str, Assertion]:
    """Return what a source says now, each with when it began to say so."""
    return {key: _since(None if before is None else before.get(key), said) for key, said in now.items()}


def _since(before: Assertion | None, said: Assertion) -> Assertion:
    same = before is not None and before.get("value") == said.get("value") and before.get("empties") == said.get("empties")
    is_bool = isinstance(said.get("value"), bool)
    return before if before is not None and same and isinstance(before.get("value"), bool) is is_bool else said


Standing = Literal["wins", "lower", "blank", "not_asked", "overwritten"]


def standings(order: Order, key: str, sources: Sequence[Source], kept: Kept | None) -> list[tuple[Source | Kept, Standing]]:
    """Return everybody who might say something of a field, the highest first, and how they stand."""
    winner = winner_of(order, key, sources, kept)
    by: list[tuple[int, Source | Kept, Standing]] = []
    for source in sources:
        said = None if source.says is None else source.says.get(key)
        wins = winner is not None and winner.by is source
        by.append((order.rank(source.integration_id), source, "wins" if wins else _standing(said)))
    if kept is not None:
        rank = order.hand_rank
        how: Standing = "overwritten" if rank is None else "wins" if winner is not None and winner.by is kept else "lower"
        by.append((len(order.sources) + 1 if rank is None else rank, kept, how))
    return [(one, how) for _, one, how in sorted(by, key=lambda each: (each[0], each[2] != "wins"))]


def _standing(said: Assertion | None) -> Standing:
    return "not_asked" if said is None else "lower" if speaks(said) else "blank"
