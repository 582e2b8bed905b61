"""Taking over: who was lost at a source gets what the next source says of them."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from mapper.authority.asserted import Asserted, read_asserted, told_of
from mapper.authority.authority import authority_of
from mapper.fields.choices import grow
from mapper.fields.fields import fields_of, untold_of
from mapper.fields.values import DoesNotFit, fitted_to
from mapper.records.changing import Draft, write
from mapper.records.loading import drafts_of, portions
from mapper.records.unique import Claim, claims_of, holders, rewrite
from mapper.tables import LINK_ASSERTIONS, LINKS
from shared.api.fields import FieldOut
from shared.events.records import Cause, RecordType
from shared.unit import Unit

SAME = and_(LINK_ASSERTIONS.c.source_id == LINKS.c.source_id, LINK_ASSERTIONS.c.integration_id == LINKS.c.integration_id)


async def take_over(unit: Unit, lost: ColumnElement[bool], *, cause: Cause, initial: bool = False) -> None:
    """Let the records of these links, which were closed just now, have what their other sources say."""
    columns = (LINKS.c.person_id, LINKS.c.asset_id)
    rows = (await unit.session.execute(select(*columns).join_from(LINKS, LINK_ASSERTIONS, SAME).where(lost))).all()
    ids: dict[RecordType, set[UUID]] = {
        "person": {row.person_id for row in rows if row.person_id is not None},
        "asset": {row.asset_id for row in rows if row.asset_id is not None},
    }
    for record_type, mine in ids.items():
        for portion in portions(mine):
            await _settle(unit, record_type, set(portion), cause=cause, initial=initial)


async def _settle(unit: Unit, record_type: RecordType, ids: set[UUID], *, cause: Cause, initial: bool) -> None:
    known = await fields_of(unit.session, record_type)
    asserted = Asserted(await authority_of(unit.session, record_type, known))
    if not asserted.authority:
        return
    drafts = await drafts_of(unit.session, record_type, ids)
    await read_asserted(unit.session, asserted, record_type, drafts)
    unique = [key for key, one in known.items() if one.unique]
    held = await holders(unit.session, record_type, asserted.said(unique))
    for draft in drafts.values():
        if draft.columns.get("archived_at") is None and draft.columns.get("anonymised_at") is None:
            _give(draft, asserted, known, held)
    changed = [draft for draft in drafts.values() if draft.changes or draft.quiet]
    await write(unit, record_type, changed, cause=cause, untold=untold_of(known), initial=initial)
    await rewrite(unit.session, record_type, changed, unique)
    await grow(unit.session, known.values(), [draft.fields for draft in changed])


def _give(draft: Draft, asserted: Asserted, known: Mapping[str, FieldOut], held: dict[Claim, UUID]) -> None:
    taken = {}
    for key in asserted.authority.orders:
        winner = asserted.winner(draft.id, key)
        if winner is None or not _fits(winner.value, known[key]):
            continue
        claims = claims_of({key: winner.value}, [key]) if known[key].unique else []
        if any(held.get(claim, draft.id) != draft.id for claim in claims):
            continue
        held |= dict.fromkeys(claims, draft.id)
        draft.set(key, winner.value, told=known[key].history)
        if key in draft.changes:
            taken[key] = told_of(winner, key)
    if taken:
        draft.origin = {"taken": taken}


def _fits(value: object, field: FieldOut) -> bool:
    """Return whether a value that was remembered still fits its field, which may ask for more by now."""
    if value is None:
        return not field.mandatory
    try:
        return bool(fitted_to(value, field) == value)
    except DoesNotFit:
        return False
