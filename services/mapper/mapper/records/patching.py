"""Changing a record by hand: what may be changed, and to what."""

from typing import Any
from uuid import UUID

from mapper.fields.fields import fields_of, require_known, untold_of
from mapper.fields.values import DoesNotFit, fitted, moment
from mapper.records.changing import Draft, write
from mapper.records.loading import drafts_of
from mapper.records.unique import ValueTaken, claims_of, holders, rewrite
from shared.api.records import FieldOut
from shared.clock import now
from shared.errors import Invalid, NotFound
from shared.events.records import Cause, RecordType
from shared.unit import Unit


class RecordNotFound(NotFound):
    """No record has this id."""

    code = "record_not_found"


class BadValues(Invalid):
    """Values do not fit their fields, or fields may not be changed by hand."""

    code = "bad_values"


async def patched(unit: Unit, record_type: RecordType, record_id: UUID, given: dict[str, Any]) -> Draft:
    """Change a record in the name of the unit's actor. Raises `RecordNotFound`, `BadValues`, `ValueTaken`, `UnknownField`."""
    known = await fields_of(unit.session, record_type)
    values = checked(given, known)
    found = await drafts_of(unit.session, record_type, [record_id])
    if record_id not in found:
        raise RecordNotFound(f"there is no {record_type} {record_id}", remedy="Use an id from the list.")
    draft = found[record_id]
    for key, value in values.items():
        draft.set(key, value, told=known[key].history)
    if record_type == "saas_user":
        _note_deactivation(draft)
    await claim_and_write(unit, record_type, draft, known)
    return draft


async def claim_and_write(unit: Unit, record_type: RecordType, draft: Draft, known: dict[str, FieldOut]) -> None:
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
    cause = Cause(kind="user", id=str(unit.correlation_id), actor=unit.actor, detail="changed by hand")
    await write(unit, record_type, [draft], cause=cause, untold=untold_of(known))
    await rewrite(unit.session, record_type, [draft], unique)


def _note_deactivation(draft: Draft) -> None:
    """Say when a SaaS user was deactivated by hand, as a workflow does; activating takes it back."""
    if "deactivated" not in draft.changes:
        return
    if draft.fields["deactivated"]:
        draft.kind = "deactivated"
    draft.set("deactivated_at", moment(now().isoformat()) if draft.fields["deactivated"] else None)


def checked(given: dict[str, Any], known: dict[str, FieldOut]) -> dict[str, Any]:
    """Return the values as they are stored. Raises `UnknownField`, `BadValues`, naming every field that is wrong."""
    require_known(given, known, place="fields")
    values: dict[str, Any] = {}
    problems = []
    for key, value in given.items():
        field = known[key]
        if not field.editable:
            problems.append({"field": f"fields.{key}", "message": "is written by integrations and workflows only"})
            continue
        try:
            values[key] = fitted(value, field.data_type)
        except DoesNotFit as error:
            problems.append({"field": f"fields.{key}", "message": str(error)})
            continue
        if values[key] is None and field.mandatory:
            problems.append({"field": f"fields.{key}", "message": "must not be empty"})
    if problems:
        raise BadValues("some values cannot be stored", remedy="Correct the named fields.", fields=problems)
    return values
