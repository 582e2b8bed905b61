"""Merging: one person stays, the other one's id leads to them, and all that was theirs goes with it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.assets.owning import assign
from mapper.authority.remembering import look_again
from mapper.fields.fields import fields_of, untold_of
from mapper.guard.tray import lost_already
from mapper.merging.by_hand import marks_of
from mapper.merging.combining import combine
from mapper.merging.pair import Pair, pair_of
from mapper.records.changing import Draft, write
from mapper.records.unique import rewrite
from mapper.tables import LINKS, MATCH_CANDIDATES, MATCH_CONFLICTS, MERGES, TOMBSTONES, UNIQUE_VALUES
from shared.api.matching import MergedField, MergeIn, MergeOut
from shared.clock import now
from shared.events.records import Cause
from shared.ids import new_id
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)

OF_LINKS = ("integration_id", "source_id", "person_id", "saas_user_id", "content_hash", "missing_since", "deleted_at", "last_observed_at")


async def merge(unit: Unit, kept_id: UUID, given: MergeIn) -> MergeOut:
    """Merge a person into another one, or say what that would do; no workflow starts because of it.

    Raises `SamePerson`, `RecordNotFound`, `RecordPutAway`, `CannotMerge`.
    """
    pair = await pair_of(unit.session, kept_id, given.merge_id)
    combined, fields = combine(pair.kept.fields, pair.merged.fields)
    goes = [row for row in pair.links if row.person_id == given.merge_id]
    moved = {"links": len(goes), "saas_users": len(pair.of(pair.merged)), "assets": len(pair.assets)}
    if given.mode == "plan":
        return MergeOut(id=None, kept_id=kept_id, merged_id=given.merge_id, state="planned", note=given.note, fields=fields, moved=moved)
    row = await _made(unit, pair, combined, given.note)
    log.info("people_merged", merge_id=str(row["id"]), **moved)
    told = {name: row[name] for name in ("id", "kept_id", "merged_id", "state", "note", "at", "by")}
    return MergeOut(**told, fields=fields, moved=moved)


def shown_fields(before: Mapping[str, Any] | None) -> list[MergedField]:
    """Return what a merge made of fields, from what is kept of both."""
    return [] if before is None else combine(before["kept"], before["merged"])[1]


async def _made(unit: Unit, pair: Pair, combined: dict[str, Any], note: str | None) -> dict[str, Any]:
    session, kept, merged = unit.session, pair.kept, pair.merged
    merge_id, replaced = new_id(), pair.replaced()
    before = {**_before(pair, combined, replaced), **await _named(session, merged.id)}
    before["by_hand"] = [mark.kept() for mark in await marks_of(session, [merged.id, *replaced])]
    cause = Cause(kind="merge", id=str(merge_id), actor=unit.actor, detail="merged by hand")
    await _move_links(session, pair, replaced)
    await _move_users(unit, pair, replaced, cause)
    for asset in pair.assets.values():
        assign(asset, kept.id)
    await write(unit, "asset", list(pair.assets.values()), cause=cause, untold=untold_of(await fields_of(session, "asset")), initial=True)
    await _write_people(unit, pair, combined, cause)
    await _move_names(session, pair, replaced)
    await lost_already(session, [merged.id, *replaced])
    row = {
        "id": merge_id,
        "kept_id": kept.id,
        "merged_id": merged.id,
        "state": "merged",
        "note": note,
        "at": now(),
        "by": unit.actor,
        "before": before,
        "first_revision": kept.revision,
    }
    await session.execute(insert(MERGES).values(row))
    return row


def _before(pair: Pair, combined: dict[str, Any], replaced: Mapping[UUID, Draft]) -> dict[str, Any]:
    """Return all that is needed to let both be two again."""
    return {
        "kept": dict(pair.kept.fields),
        "merged": dict(pair.merged.fields),
        "combined": dict(combined),
        "created_at": plain(pair.merged.created_at),
        "links": [{name: plain(getattr(row, name)) for name in OF_LINKS} for row in pair.links],
        "users": [str(one.id) for one in pair.of(pair.merged).values() if one.id not in replaced],
        "replaced": [
            {
                "id": str(one),
                "fields": dict(pair.users[one].fields),
                "created_at": plain(pair.users[one].created_at),
                "columns": {name: plain(value) for name, value in pair.users[one].columns.items()},
            }
            for one in replaced
        ],
        "assets": [str(one) for one in pair.assets],
    }


async def _named(session: AsyncSession, person_id: UUID) -> dict[str, Any]:
    """Return what else names a person: tombstones, and decisions on conflicts."""
    graves = await session.execute(select(TOMBSTONES).where(TOMBSTONES.c.person_id == person_id))
    chosen = await session.scalars(select(MATCH_CONFLICTS.c.id).where(MATCH_CONFLICTS.c.chosen_id == person_id))
    columns = ("integration_id", "source_id", "saas_user_id")
    return {
        "tombstones": [{name: plain(getattr(row, name)) for name in columns} for row in graves],
        "chosen": [str(one) for one in chosen],
    }


async def _move_links(session: AsyncSession, pair: Pair, replaced: Mapping[UUID, Draft]) -> None:
    await session.execute(update(LINKS).where(LINKS.c.person_id == pair.merged.id).values(person_id=pair.kept.id))
    for goes, stays in replaced.items():
        await session.execute(update(LINKS).where(LINKS.c.saas_user_id == goes).values(saas_user_id=stays.id))
    # Fields with an order have what the highest of all their sources says as soon as one of these runs.
    await look_again(session, [pair.kept.id])


async def _move_users(unit: Unit, pair: Pair, replaced: Mapping[UUID, Draft], cause: Cause) -> None:
    untold = untold_of(await fields_of(unit.session, "saas_user"))
    moved = [one for one in pair.of(pair.merged).values() if one.id not in replaced]
    gone = [pair.users[one] for one in replaced]
    for draft in gone:
        row = {"fields": dict(draft.fields), "created_at": plain(draft.created_at)}
        draft.origin = {"row": {**row, "columns": {name: plain(value) for name, value in draft.columns.items()}}}
        draft.remove(untold)
    await write(unit, "saas_user", gone, cause=cause, untold=untold, initial=True)
    await give_users(unit, moved, pair.kept.id, cause)
    await _free(unit.session, replaced)


async def give_users(unit: Unit, users: Iterable[Draft], person_id: UUID, cause: Cause) -> None:
    """Let SaaS users belong to a person."""
    drafts = list(users)
    for draft in drafts:
        draft.columns["person_id"] = person_id
        draft.set("person_id", str(person_id))
    await write(unit, "saas_user", drafts, cause=cause, untold=untold_of(await fields_of(unit.session, "saas_user")), initial=True)


async def _write_people(unit: Unit, pair: Pair, combined: dict[str, Any], cause: Cause) -> None:
    known = await fields_of(unit.session, "person")
    untold, kept, merged = untold_of(known), pair.kept, pair.merged
    merged.origin = {"merged_into": str(kept.id)}
    merged.remove(untold)
    await write(unit, "person", [merged], cause=cause, untold=untold, initial=True)
    await _free(unit.session, [merged.id])
    for key, value in combined.items():
        kept.set(key, value, told=key not in untold)
    kept.kind = "merged"
    await write(unit, "person", [kept], cause=cause, untold=untold, initial=True)
    await rewrite(unit.session, "person", [kept], [key for key, field in known.items() if field.unique])


async def _free(session: AsyncSession, record_ids: Iterable[UUID]) -> None:
    await session.execute(delete(UNIQUE_VALUES).where(UNIQUE_VALUES.c.record_id.in_(list(record_ids))))


async def _move_names(session: AsyncSession, pair: Pair, replaced: Mapping[UUID, Draft]) -> None:
    """Let tombstones and conflicts name the one who stays."""
    kept, merged = pair.kept.id, pair.merged.id
    await session.execute(update(TOMBSTONES).where(TOMBSTONES.c.person_id == merged).values(person_id=kept))
    for goes, stays in replaced.items():
        await session.execute(update(TOMBSTONES).where(TOMBSTONES.c.saas_user_id == goes).values(saas_user_id=stays.id))
    await session.execute(update(MATCH_CONFLICTS).where(MATCH_CONFLICTS.c.chosen_id == merged).values(chosen_id=kept))
    both = select(MATCH_CANDIDATES.c.conflict_id).where(MATCH_CANDIDATES.c.record_id == kept).subquery()
    theirs = MATCH_CANDIDATES.c.record_id == merged
    await session.execute(delete(MATCH_CANDIDATES).where(theirs, MATCH_CANDIDATES.c.conflict_id.in_(select(both))))
    await session.execute(update(MATCH_CANDIDATES).where(theirs).values(record_id=kept))


def plain(value: Any) -> Any:
    """Return a column's value as it is kept."""
    return value.isoformat() if isinstance(value, datetime) else str(value) if isinstance(value, UUID) else value
