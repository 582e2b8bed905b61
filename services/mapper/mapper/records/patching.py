"""Changing a record by hand: what may be changed, and to what."""

from uuid import UUID

from mapper.authority.by_hand import by_hand
from mapper.fields.choices import grow
from mapper.fields.fields import fields_of, untold_of
from mapper.records.changing import Draft, write
from mapper.records.editing import edit_from
from mapper.records.loading import drafts_of
from mapper.records.of_anonymised import closed_to
from mapper.records.unique import ValueTaken, claims_of, holders, rewrite
from shared.api.fields import FieldOut
from shared.api.records import RecordChange
from shared.errors import Conflict, NotFound
from shared.events.records import Cause, RecordType
from shared.unit import Unit


class RecordNotFound(NotFound):
    """No record has this id."""

    code = "record_not_found"


class RecordPutAway(Conflict):
    """The record is archived or anonymised: it is not changed."""

    code = "record_put_away"


class RecordChanged(Conflict):
    """The record has changed since the caller saw it."""

    code = "record_changed"


async def patched(unit: Unit, record_type: RecordType, record_id: UUID, given: RecordChange) -> Draft:
    """Change a record in the name of the unit's actor.

    Raises `RecordNotFound`, `RecordPutAway`, `RecordChanged`, `BadValues`, `ValueTaken`, `UnknownField`,
    `HeldBySource`.
    """
    known = await fields_of(unit.session, record_type)
    edit = edit_from(given, known)
    found = await drafts_of(unit.session, record_type, [record_id])
    if record_id not in found:
        raise RecordNotFound(f"there is no {record_type} {record_id}", remedy="Use an id from the list.")
    draft = found[record_id]
    if draft.columns.get("archived_at") is not None or draft.columns.get("anonymised_at") is not None:
        raise RecordPutAway(f"the {record_type} is archived or anonymised", remedy="Restore who is archived first.")
    if await closed_to(unit.session, record_type, [record_id], edit.fields):
        raise RecordPutAway("the person of the SaaS user is anonymised", remedy="Change nothing but what became of the account.")
    if given.revision is not None and given.revision != draft.revision:
        raise RecordChanged(
            f"the {record_type} is at revision {draft.revision}, and {given.revision} was seen",
            remedy="Read it again, and change what is there now.",
            fields=[{"field": "revision", "message": f"is not {draft.revision}, the newest"}],
        )
    hand = await by_hand(unit.session, record_type, known, edit, [draft])
    hand.require_free(draft)
    hand.make(draft, known)
    detail = "changed by hand" if edit.edited else "given back to its sources"
    await claim_and_write(unit, record_type, draft, known, detail=detail)
    await hand.remember(unit, [draft])
    return draft


async def claim_and_write(
    unit: Unit, record_type: RecordType, draft: Draft, known: dict[str, FieldOut], *, detail: str = "changed by hand"
) -> None:
    """Write a draft by hand, with its unique values. Raises `ValueTaken`."""
    unique = [key for key, field in known.items() if field.unique]
    taken = await holders(unit.session, record_type, claims_of(draft.fields, unique))
    claimed = {key for (key, _), holder in taken.items() if holder != draft.id}
    clashes = [{"field": key, "message": "is taken by another record"} for key in unique if key in claimed]
    if clashes:
        names = ", ".join(clash["field"] for clash in clashes)
        raise ValueTaken(
            f"another {record_type} has the same {names}", remedy="Choose another value, or change that record.", fields=clashes
        )
    cause = Cause(kind="user", id=str(unit.correlation_id), actor=unit.actor, detail=detail)
    await write(unit, record_type, [draft], cause=cause, untold=untold_of(known))
    await rewrite(unit.session, record_type, [draft], unique)
    await grow(unit.session, known.values(), [draft.fields])
