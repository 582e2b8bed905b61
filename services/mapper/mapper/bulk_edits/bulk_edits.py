"""Bulk edits: previewed with counts and examples, then applied in one transaction, or refused when the records have moved."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.by_hand import ByHand, by_hand
from mapper.bulk_edits.choosing import chosen, fingerprint_of
from mapper.bulk_edits.losses import losses_in, scopes_of
from mapper.fields.fields import fields_of, untold_of
from mapper.guard.limits import Limits
from mapper.guard.losses import enter
from mapper.guard.ruling import rule_on
from mapper.guard.scopes import locked
from mapper.records.changing import Draft, write
from mapper.records.editing import Edit, edit_from
from mapper.records.listing import Wanted, check_list
from mapper.records.loading import drafts_of
from mapper.records.of_anonymised import closed_to
from mapper.tables import BULK_EDITS
from shared.api.bulk_edits import BulkEditExample, BulkEditIn, BulkEditOut
from shared.api.fields import FieldOut
from shared.api.records import RecordPatch
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, Invalid, NotFound
from shared.events.records import Cause, RecordType
from shared.ids import new_id
from shared.observability.logging import get_logger
from shared.rules import At
from shared.rules.reading import read_rule
from shared.unit import Unit

log = get_logger(__name__)

EXAMPLES = 10
AT_ONCE = 500
"""Records that one statement writes, and one event tells."""


class BulkEditNotFound(NotFound):
    """No bulk edit has this id, or it was removed as old."""

    code = "bulk_edit_not_found"


class KeyReused(Conflict):
    """The idempotency key belongs to another bulk edit."""

    code = "idempotency_key_reused"


class SetMoved(Conflict):
    """The records are no longer those that the preview showed."""

    code = "set_moved"


class NotInBulk(Invalid):
    """A change cannot be made to many records at once."""

    code = "not_in_bulk"


async def preview(unit: Unit, given: BulkEditIn, at: At, *, most: int) -> BulkEditOut:
    """Store a bulk edit and say what it would change. Changes no record.

    Raises `BadRule`, `UnknownField`, `BadValues`, `NotInBulk`, `TooMany`, `KeyReused`.
    """
    if (earlier := await _of_key(unit, given)) is not None:
        return earlier
    known = await fields_of(unit.session, given.object_type)
    edit = edit_from(given.change, known)
    _require_for_many(edit, known)
    ask = _ask(at, given.rule, given.search)
    await check_list(unit.session, given.object_type, ask)
    ids = await chosen(unit.session, given.object_type, ask, known, most=most)
    drafts = await _open_to(unit, given.object_type, edit, await drafts_of(unit.session, given.object_type, ids, lock=False))
    hand = await by_hand(unit.session, given.object_type, known, edit, drafts)
    fingerprint = hand.printed(fingerprint_of(drafts), drafts)
    changing = _changing(drafts, hand, known)
    row = {
        "id": new_id(),
        **given.model_dump(),
        "state": "previewed",
        "matched": len(drafts),
        "changing": len(changing),
        "losses": len(changing) if _deactivates(edit) else 0,
        "fingerprint": fingerprint,
        "created_at": now(),
        "created_by": unit.actor,
    }
    stored = insert_for(unit.session, BULK_EDITS).values(row).on_conflict_do_nothing(index_elements=["idempotency_key"])
    if (await unit.session.execute(stored.returning(BULK_EDITS.c.id))).first() is None and (same := await _of_key(unit, given)) is not None:
        return same
    examples = [BulkEditExample(record_id=draft.id, changes=draft.changes) for draft in changing[:EXAMPLES]]
    return (await read(unit.session, row["id"])).model_copy(update={"examples": examples})


async def read(session: AsyncSession, bulk_edit_id: UUID) -> BulkEditOut:
    """Return a bulk edit. Raises `BulkEditNotFound`."""
    return BulkEditOut.model_validate(await _row(session, bulk_edit_id))


async def apply(unit: Unit, bulk_edit_id: UUID, at: At, limits: Limits, *, most: int) -> BulkEditOut:
    """Make a bulk edit, all of it or nothing; one that was made before is not made again.

    Raises `BulkEditNotFound`, `SetMoved`, and what `preview` raises when fields or limits have changed since.
    """
    row = await _row(unit.session, bulk_edit_id, lock=True)
    if row.state == "applied":
        return BulkEditOut.model_validate(row)
    known = await fields_of(unit.session, row.object_type)
    edit = edit_from(RecordPatch.model_validate(row.change), known)
    _require_for_many(edit, known)
    ask = _ask(at, row.rule, row.search)
    await check_list(unit.session, row.object_type, ask)
    # The guard's scopes before any record, as everybody takes them.
    ids = await chosen(unit.session, row.object_type, ask, known, most=most)
    await locked(unit.session, await scopes_of(unit.session, ids) if _deactivates(edit) else ())
    drafts = await _open_to(unit, row.object_type, edit, await drafts_of(unit.session, row.object_type, ids))
    hand = await by_hand(unit.session, row.object_type, known, edit, drafts)
    if hand.printed(fingerprint_of(drafts), drafts) != row.fingerprint:
        now_there = "the same number, but not as they were" if len(drafts) == row.matched else str(len(drafts))
        raise SetMoved(
            f"the records have changed since the preview: it showed {row.matched}, now there are {now_there}; nothing was changed",
            remedy="Preview the bulk edit again.",
        )
    changed, withheld = await _made(unit, row, hand, drafts, known=known, limits=limits)
    applied = {"state": "applied", "applied_at": now(), "applied_by": unit.actor, "changed": changed, "withheld": withheld}
    await unit.session.execute(update(BULK_EDITS).where(BULK_EDITS.c.id == bulk_edit_id).values(applied))
    log.info("bulk_edit_applied", bulk_edit_id=str(bulk_edit_id), object_type=row.object_type, changed=changed, withheld=withheld)
    return await read(unit.session, bulk_edit_id)


async def _open_to(unit: Unit, record_type: RecordType, edit: Edit, drafts: Mapping[UUID, Draft]) -> list[Draft]:
    """Return the records that the edit is for: of anonymised people nothing but what became of their accounts is changed."""
    closed = await closed_to(unit.session, record_type, drafts.keys(), edit.fields)
    return [draft for draft in drafts.values() if draft.id not in closed]


async def _made(
    unit: Unit, row: Row[Any], hand: ByHand, drafts: Sequence[Draft], *, known: dict[str, FieldOut], limits: Limits
) -> tuple[int, int]:
    """Change drafts and write them; return how many, and how many the guard withholds."""
    cause = Cause(kind="user", id=str(row.id), actor=unit.actor, detail=f"changed in a bulk edit of {row.matched} records")
    ruling = await rule_on(unit, limits, losses_in(row.id, drafts, cause)) if _deactivates(hand.edit) else None
    held = {loss.record_id for loss in ruling.held} if ruling else set()
    passed = [draft for draft in drafts if draft.id not in held]
    changing = _changing(passed, hand, known)
    for start in range(0, len(changing), AT_ONCE):
        await write(unit, row.object_type, changing[start : start + AT_ONCE], cause=cause, untold=untold_of(known))
    await hand.remember(unit, passed)
    if ruling:
        await enter(unit.session, ruling.passed)
    return len(changing), len(held)


def _changing(drafts: Sequence[Draft], hand: ByHand, known: dict[str, FieldOut]) -> list[Draft]:
    """Make the edit in drafts; return those that it changes."""
    for draft in drafts:
        hand.make(draft, known)
    return [draft for draft in drafts if draft.changes or draft.quiet]


def _require_for_many(edit: Edit, known: dict[str, FieldOut]) -> None:
    """Raise `NotInBulk` for a unique field, and for a deactivation beside something else: the guard withholds only the one."""
    problems = [{"field": f"change.fields.{key}", "message": "is unique"} for key in sorted(edit.fields) if known[key].unique]
    if problems:
        raise NotInBulk("unique fields cannot have one value in many records", remedy="Change them one by one.", fields=problems)
    if _deactivates(edit) and edit.fields != {"deactivated"}:
        problems = [{"field": "change.fields.deactivated", "message": "must stand alone"}]
        raise NotInBulk("a deactivation is a bulk edit of its own", remedy="Make two bulk edits.", fields=problems)


def _deactivates(edit: Edit) -> bool:
    return edit.values.get("deactivated") is True


def _ask(at: At, rule: dict[str, Any] | None, search: str | None) -> Wanted:
    return Wanted(at, rule=None if rule is None else read_rule(rule, place="rule"), place="rule", search=search)


def _asked(row: Row[Any]) -> dict[str, Any]:
    """Return what was asked for, as it was sent."""
    asked = BulkEditIn(object_type=row.object_type, rule=row.rule, search=row.search, change=RecordPatch.model_validate(row.change))
    return asked.model_dump(exclude={"idempotency_key"})


async def _of_key(unit: Unit, given: BulkEditIn) -> BulkEditOut | None:
    """Return the bulk edit that was previewed under the same key. Raises `KeyReused` when it is another one, or another account's."""
    if given.idempotency_key is None:
        return None
    row = (await unit.session.execute(select(BULK_EDITS).where(BULK_EDITS.c.idempotency_key == given.idempotency_key))).one_or_none()
    if row is None:
        return None
    if row.created_by != unit.actor or _asked(row) != given.model_dump(exclude={"idempotency_key"}):
        raise KeyReused("the idempotency key belongs to another bulk edit", remedy="Use a new key for a new edit.")
    return BulkEditOut.model_validate(row)


async def _row(session: AsyncSession, bulk_edit_id: UUID, *, lock: bool = False) -> Row[Any]:
    wanted = select(BULK_EDITS).where(BULK_EDITS.c.id == bulk_edit_id)
    row = (await session.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if row is None:
        raise BulkEditNotFound(f"there is no bulk edit {bulk_edit_id}", remedy="Preview it again: old ones are removed.")
    return row
