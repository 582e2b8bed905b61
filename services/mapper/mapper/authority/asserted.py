"""What sources and hands say of some records, and who wins: read at once for all of them, settled record by record."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.authority import authority_of
from mapper.authority.orders import Assertion, Authority, Kept, Source, Winner, says_more, speaks, winner_of
from mapper.records.many import among
from mapper.records.unique import Claim, claims_of
from mapper.tables import KEPT_BY_HAND, LINK_ASSERTIONS, LINKS
from shared.api.fields import FieldOut
from shared.events.records import RecordType


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of the fields with an order when a record of a source is applied."""

    says: Mapping[str, Assertion]
    """What the source says of them, each with since when."""
    values: Mapping[str, Any]
    """What they shall be."""
    stays: frozenset[str]
    """Those of which nobody says anything, or of which too little is known: they stay as they are."""
    taken: Mapping[str, Winner]
    """Those that are taken from somebody else than the source whose record it is."""
    held: frozenset[str]
    """Those of which the source says something that is not written."""


@dataclass(slots=True)
class Asserted:
    """What is remembered of the records that a page meets; empty where no field has an order."""

    authority: Authority = field(default_factory=Authority)
    settled_with: dict[str, int] = field(default_factory=dict)
    """By source id: with which state of the orders the page's own links were settled."""
    sources: dict[UUID, list[Source]] = field(default_factory=dict)
    """By record."""
    kept: dict[UUID, dict[str, Kept]] = field(default_factory=dict)
    """By record and field."""

    def is_settled(self, source_id: str) -> bool:
        """Return whether a link was settled with the orders as they are."""
        return not self.authority or self.settled_with.get(source_id) == self.authority.revision

    def is_new_order(self, source_id: str) -> bool:
        """Return whether a link is to be settled because of the orders alone, and of nothing that a hand did."""
        return not self.is_settled(source_id) and self.settled_with.get(source_id) != 0

    def winner(self, record_id: UUID, key: str) -> Winner | None:
        """Return who wins for a field; None where it stays as it is, or has no order."""
        order = self.authority.orders.get(key)
        if order is None:
            return None
        return winner_of(order, key, self.sources.get(record_id, ()), self.kept.get(record_id, {}).get(key))

    def settle(self, record_id: UUID, own: Source) -> Settled:
        """Return what becomes of a record's fields when one of its sources says something new; `own` says it."""
        others = [one for one in self.sources.get(record_id, ()) if not _same(one, own)]
        before = next((one.says for one in self.sources.get(record_id, ()) if _same(one, own)), None)
        says = says_more(before, own.says or {})
        now = Source(own.integration_id, own.source_id, says)
        kept = self.kept.get(record_id, {})
        values, taken, stays, held = {}, {}, set(), set()
        for key, order in self.authority.orders.items():
            winner = winner_of(order, key, (*others, now), kept.get(key))
            if winner is None:
                stays.add(key)
            else:
                values[key] = winner.value
                if winner.by is not now:
                    taken[key] = winner
            if speaks(says.get(key)) and (winner is None or (winner.by is not now and winner.value != says[key].get("value"))):
                held.add(key)
        return Settled(says, values, frozenset(stays), taken, frozenset(held))

    def note(self, record_id: UUID, own: Source) -> None:
        """Remember what a source says of a record, for whoever comes behind it in the same transaction."""
        others = [one for one in self.sources.get(record_id, ()) if not _same(one, own)]
        self.sources[record_id] = [*others, own]

    def said(self, unique: Collection[str]) -> set[Claim]:
        """Return the unique values that records might have again."""
        spoken = ({key: one.get("value") for key, one in (source.says or {}).items()} for mine in self.sources.values() for source in mine)
        by_hand = ({key: one.value for key, one in kept.items()} for kept in self.kept.values())
        return {claim for values in (*spoken, *by_hand) for claim in claims_of(values, unique)}

    def print_of(self, record_id: UUID) -> list[Any]:
        """Return all that a decision about a record's fields rests on."""
        sources = sorted((one.integration_id, one.source_id, one.says) for one in self.sources.get(record_id, ()))
        kept = sorted((key, one.value, one.at) for key, one in self.kept.get(record_id, {}).items())
        return [self.authority.revision, [list(one) for one in sources], [list(one) for one in kept]]


def told_of(winner: Winner, key: str) -> dict[str, Any]:
    """Return who a value was taken from, as a revision keeps it."""
    if isinstance(winner.by, Kept):
        return {"hand": winner.by.by, "at": winner.by.at}
    said = (winner.by.says or {}).get(key, {})
    names = {name: said[name] for name in ("run", "version", "at", "raw") if name in said}
    return {"integration_id": winner.by.integration_id, "source_id": winner.by.source_id, **names}


def _same(one: Source, other: Source) -> bool:
    return (one.integration_id, one.source_id) == (other.integration_id, other.source_id)


async def settled_with(session: AsyncSession, integration_id: UUID, source_ids: Sequence[str]) -> dict[str, int]:
    """Return with which state of the orders these links were settled."""
    theirs = (among(session, LINK_ASSERTIONS.c.source_id, "source_ids"), LINK_ASSERTIONS.c.integration_id == integration_id)
    rows = await session.execute(
        select(LINK_ASSERTIONS.c.source_id, LINK_ASSERTIONS.c.revision).where(*theirs), {"source_ids": list(source_ids)}
    )
    return {row.source_id: row.revision for row in rows}


async def read_asserted(session: AsyncSession, asserted: Asserted, record_type: RecordType, record_ids: Iterable[UUID]) -> None:
    """Read what is said of these records, in two statements; whoever is about to change them has locked them before."""
    ids = list(record_ids)
    if not ids or not asserted.authority:
        return
    if record_type != "saas_user":
        await _read_sources(session, asserted, record_type, ids)
    asserted.kept |= await _read_kept(session, ids)


async def kept_of(
    session: AsyncSession, record_type: RecordType, known: Mapping[str, FieldOut], record_ids: Iterable[UUID]
) -> dict[UUID, dict[str, Kept]]:
    """Return the hand edits of these records that nobody but a hand may overwrite, by record and field."""
    orders = (await authority_of(session, record_type, known)).orders
    ids = list(record_ids)
    if not orders or not ids:
        return {}
    found = await _read_kept(session, ids)
    holding = {key for key, order in orders.items() if order.hand_rank is not None}
    return {one: {key: edit for key, edit in kept.items() if key in holding} for one, kept in found.items()}


async def _read_kept(session: AsyncSession, ids: list[UUID]) -> dict[UUID, dict[str, Kept]]:
    found: dict[UUID, dict[str, Kept]] = {}
    for row in await session.execute(select(KEPT_BY_HAND).where(among(session, KEPT_BY_HAND.c.record_id, "ids")), {"ids": ids}):
        found.setdefault(row.record_id, {})[row.key] = Kept(row.value, row.by, row.at.isoformat())
    return found


async def _read_sources(session: AsyncSession, asserted: Asserted, record_type: RecordType, ids: list[UUID]) -> None:
    leads_to = LINKS.c.asset_id if record_type == "asset" else LINKS.c.person_id
    same = and_(LINK_ASSERTIONS.c.source_id == LINKS.c.source_id, LINK_ASSERTIONS.c.integration_id == LINKS.c.integration_id)
    columns = (leads_to.label("record_id"), LINKS.c.integration_id, LINKS.c.source_id, LINK_ASSERTIONS.c.says)
    there = (among(session, leads_to, "ids"), LINKS.c.missing_since.is_(None), LINKS.c.deleted_at.is_(None))
    for row in await session.execute(select(*columns).join_from(LINKS, LINK_ASSERTIONS, same, isouter=True).where(*there), {"ids": ids}):
        asserted.sources.setdefault(row.record_id, []).append(Source(str(row.integration_id), row.source_id, row.says))
