"""Hand edits: which are kept, which have no place beside a higher source, and how a field is given back to its sources."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.asserted import Asserted, read_asserted, told_of
from mapper.authority.authority import authority_of
from mapper.authority.orders import HAND, Source, winner_of
from mapper.authority.remembering import look_again
from mapper.records.changing import Draft
from mapper.records.editing import Edit
from mapper.records.many import among, put
from mapper.tables import KEPT_BY_HAND
from shared.api.authority import HandEditOut
from shared.api.fields import FieldOut
from shared.clock import now
from shared.errors import Conflict
from shared.events.records import RecordType
from shared.http.paging import BadCursor, Page, decode_cursor, encode_cursor
from shared.unit import Unit


class HeldBySource(Conflict):
    """A source that comes before hand edits says what the field has."""

    code = "held_by_source"


@dataclass(frozen=True, slots=True)
class ByHand:
    """A hand edit of some records, with what is said of them beside it."""

    record_type: RecordType
    edit: Edit
    asserted: Asserted
    is_read: bool
    """Whether it hangs on what sources say."""

    def make(self, draft: Draft, known: Mapping[str, FieldOut]) -> None:
        """Change a draft; what a higher source holds stays, and what is given back gets what the sources say."""
        self.edit.without(self.held_by_sources(draft)).make(draft, known)
        for key in self.edit.release:
            order = self.asserted.authority.orders.get(key)
            winner = None if order is None else winner_of(order, key, self.asserted.sources.get(draft.id, ()), None)
            if winner is None or (winner.value is None and known[key].mandatory):
                continue
            draft.set(key, winner.value, told=known[key].history)
            if key in draft.changes:
                draft.origin = {"taken": {**(draft.origin or {}).get("taken", {}), key: told_of(winner, key)}}

    def held_by_sources(self, draft: Draft) -> dict[str, Source]:
        """Return the edited fields of which a source that comes before hand edits says something."""
        held = {}
        for key in self.edit.edited:
            order = self.asserted.authority.orders.get(key)
            rank = None if order is None else order.hand_rank
            if order is None or rank is None or rank < 1:
                continue
            winner = winner_of(order, key, self.asserted.sources.get(draft.id, ()), None)
            if winner is not None and isinstance(winner.by, Source) and order.rank(winner.by.integration_id) < rank:
                held[key] = winner.by
        return held

    def require_free(self, draft: Draft) -> None:
        """Raise `HeldBySource` when the edit has no place in a record."""
        if held := self.held_by_sources(draft):
            fields = [
                {"field": f"fields.{key}", "message": f"integration {by.integration_id} comes before hand edits"}
                for key, by in held.items()
            ]
            raise HeldBySource(
                f"a source that comes before hand edits holds {', '.join(held)}",
                remedy="Change it at that source, or give the hand a higher place in the order of the field.",
                fields=fields,
            )

    def printed(self, fingerprint: str, drafts: Iterable[Draft]) -> str:
        """Return a fingerprint of drafts that hangs on what sources say of them, too, where the edit does."""
        if not self.is_read:
            return fingerprint
        said = [[str(one), self.asserted.print_of(one)] for one in sorted(draft.id for draft in drafts)]
        return hashlib.sha256(fingerprint.encode() + orjson.dumps(said)).hexdigest()

    async def remember(self, unit: Unit, drafts: Sequence[Draft]) -> None:
        """Keep the edit of these records where edits are kept, and give back what it releases."""
        orders = self.asserted.authority.orders
        edited = self.edit.edited & orders.keys()
        common = {"record_type": self.record_type, "by": unit.actor, "at": now()}
        kept = {key for key in edited if orders[key].hand_rank is not None}
        rows = [
            {"record_id": draft.id, "key": key, "value": draft.fields.get(key), **common}
            for draft in drafts
            for key in sorted(kept - self.held_by_sources(draft).keys())
        ]
        await put(unit.session, KEPT_BY_HAND, rows, replacing=("value", "by", "at"))
        ids = [draft.id for draft in drafts]
        if self.edit.release:
            theirs = (among(unit.session, KEPT_BY_HAND.c.record_id, "ids"), KEPT_BY_HAND.c.key.in_(sorted(self.edit.release)))
            await unit.session.execute(delete(KEPT_BY_HAND).where(*theirs), {"ids": ids})
        if any(orders[key].hand == "overwrite" for key in edited):
            await look_again(unit.session, ids)


async def by_hand(
    session: AsyncSession, record_type: RecordType, known: Mapping[str, FieldOut], edit: Edit, drafts: Iterable[Draft]
) -> ByHand:
    """Return a hand edit of these records, with what it hangs on."""
    asserted = Asserted(await authority_of(session, record_type, known))
    orders = asserted.authority.orders
    reads = bool(edit.release) or any(HAND in orders[key].sources[1:] for key in edit.edited & orders.keys())
    if reads:
        await read_asserted(session, asserted, record_type, [draft.id for draft in drafts])
    return ByHand(record_type, edit, asserted, reads)


async def list_hand_edits(
    session: AsyncSession, object_type: RecordType, key: str | None, *, cursor: str | None, limit: int
) -> Page[HandEditOut]:
    """Return the hand edits that are kept, by field and record. Raises `BadCursor`."""
    table = KEPT_BY_HAND.c
    statement = select(KEPT_BY_HAND).where(table.record_type == object_type).order_by(table.key, table.record_id).limit(limit + 1)
    if key is not None:
        statement = statement.where(table.key == key)
    if cursor is not None:
        after, record_id = decode_cursor(cursor, 2)
        statement = statement.where((table.key > after) | ((table.key == after) & (table.record_id > _id_in(record_id))))
    rows = (await session.execute(statement)).all()
    items = [
        HandEditOut(object_type=row.record_type, record_id=row.record_id, field=row.key, value=row.value, by=row.by, at=row.at)
        for row in rows[:limit]
    ]
    more = encode_cursor([rows[limit - 1].key, str(rows[limit - 1].record_id)]) if len(rows) > limit else None
    return Page(items=items, next_cursor=more)


def _id_in(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise BadCursor("the cursor cannot be read") from None
