"""Taking a merge back: both are two again, each with what its own sources said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.assets.owning import assign
from mapper.authority.remembering import look_again
from mapper.fields.fields import fields_of, untold_of
from mapper.merging.by_hand import put_marks_back
from mapper.merging.combining import Since, Two, separate
from mapper.merging.leading import not_there
from mapper.merging.listing import row_of
from mapper.merging.merging import give_users
from mapper.records.changing import Draft, write
from mapper.records.loading import drafts_of
from mapper.records.unique import ValueTaken, claims_of, holders, rewrite
from mapper.tables import APPLIED_RUNS, LINKS, MATCH_CONFLICTS, MERGES, REVISIONS, TOMBSTONES
from shared.api.fields import FieldOut
from shared.api.matching import MergeOut, UnmergeIn
from shared.clock import now
from shared.errors import Conflict
from shared.events.records import Cause, RecordType
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)


class CannotUnmerge(Conflict):
    """The merge cannot be taken back, or not yet."""

    code = "cannot_unmerge"


@dataclass(slots=True)
class Apart:
    """A merge that is being taken back."""

    row: Row[Any]
    kept: Draft
    two: Two
    known: dict[str, FieldOut]
    cause: Cause

    @property
    def before(self) -> Mapping[str, Any]:
        """What both were."""
        found: Mapping[str, Any] = self.row.before
        return found


async def unmerge(unit: Unit, merge_id: UUID, given: UnmergeIn) -> MergeOut:
    """Let both be two again, or say what that would do; no workflow starts because of it.

    Raises `MergeNotFound`, `CannotUnmerge`, `RecordNotFound`, `ValueTaken`.
    """
    apart = await _apart(unit, merge_id)
    await _require_free(unit.session, apart)
    told = {name: getattr(apart.row, name) for name in ("kept_id", "merged_id", "note", "at", "by")}
    listed = sorted(apart.two.given_back.values(), key=lambda one: one.field)
    moved = {"links": len(_theirs(apart)), "saas_users": len(apart.before["users"]) + len(apart.before["replaced"])}
    moved["assets"] = len(apart.before["assets"])
    if given.mode == "plan":
        return MergeOut(id=merge_id, **told, state="planned", moved=moved, given_back=listed)
    await _write_people(unit, apart)
    await _give_users_back(unit, apart)
    await _give_assets_back(unit, apart)
    await put_marks_back(unit.session, apart.before["by_hand"])
    await _put_links_back(unit.session, apart)
    await _put_names_back(unit.session, apart)
    done = {"state": "unmerged", "before": None, "last_revision": apart.kept.revision, "unmerged_at": now(), "unmerged_by": unit.actor}
    await unit.session.execute(update(MERGES).where(MERGES.c.id == merge_id).values(done))
    log.info("people_unmerged", merge_id=str(merge_id), **moved)
    shown = {name: done[name] for name in ("state", "unmerged_at", "unmerged_by")}
    return MergeOut(id=merge_id, **told, **shown, moved=moved, given_back=listed)


async def _apart(unit: Unit, merge_id: UUID) -> Apart:
    session = unit.session
    row = await row_of(session, merge_id, lock=True)
    if row.state == "unmerged":
        raise CannotUnmerge(f"{row.unmerged_by} has taken this merge back already", remedy="Nothing is left to be done.")
    if row.before is None:
        raise CannotUnmerge("the person is anonymised: what both were is not kept", remedy="Nothing can be done with them any more.")
    later = (MERGES.c.kept_id == row.kept_id, MERGES.c.state == "merged", MERGES.c.first_revision > row.first_revision)
    if (newer := await session.scalar(select(MERGES.c.id).where(*later).order_by(MERGES.c.first_revision.desc()).limit(1))) is not None:
        raise CannotUnmerge(f"another merge into the same person came later: {newer}", remedy="Take that one back first.")
    kept = (await drafts_of(session, "person", [row.kept_id])).get(row.kept_id)
    if kept is None:
        raise await not_there(session, row.kept_id)
    known = await fields_of(session, "person")
    cause = Cause(kind="merge", id=str(merge_id), actor=unit.actor, detail="merge taken back by hand")
    since = await _since(session, row)
    # Of fields that are kept out of history only the outcome is known: it is of whoever stays.
    quiet = {key: (row.before["combined"].get(key), kept.fields.get(key)) for key in untold_of(known)}
    changed = {key: pair for key, pair in quiet.items() if pair[0] != pair[1]}
    if changed:
        since.append(Since(changed, by_merged=False, says="changed while both were one"))
    return Apart(row, kept, separate(row.before["kept"], row.before["merged"], since), known, cause)


async def _since(session: AsyncSession, row: Row[Any]) -> list[Since]:
    """Return what changed while both were one, and whether a source said so that knew the one who went."""
    theirs = (REVISIONS.c.record_type == "person", REVISIONS.c.record_id == row.kept_id, REVISIONS.c.revision > row.first_revision)
    revisions = (await session.execute(select(REVISIONS).where(*theirs).order_by(REVISIONS.c.revision))).all()
    runs = {UUID(one.cause["id"]) for one in revisions if one.cause["kind"] == "run"}
    found = await session.execute(select(APPLIED_RUNS.c.run_id, APPLIED_RUNS.c.integration_id).where(APPLIED_RUNS.c.run_id.in_(runs)))
    integrations = {str(one.run_id): str(one.integration_id) for one in found}
    merged = {(link["integration_id"], link["source_id"]) for link in _links_of(row, row.merged_id)}
    return [_one_since(one, integrations.get(one.cause["id"]), merged) for one in revisions]


def _one_since(revision: Row[Any], integration_id: str | None, merged: set[tuple[str, str]]) -> Since:
    wrote = [link["source_id"] for link in (revision.origin or {}).get("wrote", ())]
    of_theirs = {source_id for one, source_id in merged if integration_id in {None, one}}
    by_merged = bool(wrote) and all(source_id in of_theirs for source_id in wrote)
    who = revision.cause.get("detail") or revision.cause["kind"]
    return Since({key: (pair[0], pair[1]) for key, pair in revision.changes.items()}, by_merged, f"{who}, by {revision.cause['actor']}")


def _links_of(row: Row[Any], person_id: UUID) -> list[Mapping[str, Any]]:
    return [link for link in row.before["links"] if link["person_id"] == str(person_id)]


def _theirs(apart: Apart) -> list[Mapping[str, Any]]:
    return _links_of(apart.row, apart.row.merged_id)


async def _require_free(session: AsyncSession, apart: Apart) -> None:
    """Raise `ValueTaken` where both would have one unique value, or somebody else has it by now."""
    unique = [key for key, field in apart.known.items() if field.unique]
    mine, theirs = claims_of(apart.two.kept, unique), claims_of(apart.two.merged, unique)
    taken = await holders(session, "person", [*mine, *theirs])
    wrong = {key: "both would have it" for key, _ in set(mine) & set(theirs)}
    wrong |= {claim[0]: f"{holder} has it by now" for claim, holder in taken.items() if holder != apart.kept.id}
    if wrong:
        fields = [{"field": key, "message": message} for key, message in sorted(wrong.items())]
        raise ValueTaken("the merge cannot be taken back yet", remedy="Change the named fields of whoever has them.", fields=fields)


async def _write_people(unit: Unit, apart: Apart) -> None:
    untold, unique = untold_of(apart.known), [key for key, field in apart.known.items() if field.unique]
    kept, two = apart.kept, apart.two
    for key in sorted({*kept.fields, *two.kept}):
        kept.set(key, two.kept.get(key), told=key not in untold)
    kept.fields = {key: value for key, value in kept.fields.items() if value is not None or key in two.kept}
    kept.kind = "unmerged"
    await write(unit, "person", [kept], cause=apart.cause, untold=untold, initial=True)
    await rewrite(unit.session, "person", [kept], unique)
    merged = await _again(unit.session, "person", apart.row.merged_id, apart.before["created_at"])
    merged.columns = {"archived_at": None, "anonymised_at": None}
    for key, value in two.merged.items():
        merged.set(key, value, told=key not in untold)
    await write(unit, "person", [merged], cause=apart.cause, untold=untold, initial=True)
    await rewrite(unit.session, "person", [merged], unique)


async def _again(session: AsyncSession, record_type: RecordType, record_id: UUID, created_at: str) -> Draft:
    """Return the draft of a record that comes back, behind its last revision."""
    mine = (REVISIONS.c.record_type == record_type, REVISIONS.c.record_id == record_id)
    last = await session.scalar(select(func.max(REVISIONS.c.revision)).where(*mine)) or 0
    return Draft(id=record_id, revision=last, fields={}, created_at=datetime.fromisoformat(created_at), kind="restored", is_new=True)


async def _give_users_back(unit: Unit, apart: Apart) -> None:
    found = await drafts_of(unit.session, "saas_user", [UUID(one) for one in apart.before["users"]])
    await give_users(unit, _still(found.values(), apart.kept.id), apart.row.merged_id, apart.cause)
    untold = untold_of(await fields_of(unit.session, "saas_user"))
    back = []
    for one in apart.before["replaced"]:
        draft = await _again(unit.session, "saas_user", UUID(one["id"]), one["created_at"])
        draft.columns = {name: UUID(value) for name, value in one["columns"].items()}
        for key, value in one["fields"].items():
            draft.set(key, value, told=key not in untold)
        back.append(draft)
    await write(unit, "saas_user", back, cause=apart.cause, untold=untold, initial=True)
    known = await fields_of(unit.session, "saas_user")
    await rewrite(unit.session, "saas_user", back, [key for key, field in known.items() if field.unique])


async def _give_assets_back(unit: Unit, apart: Apart) -> None:
    found = await drafts_of(unit.session, "asset", [UUID(one) for one in apart.before["assets"]])
    theirs = _still(found.values(), apart.kept.id)
    for draft in theirs:
        assign(draft, apart.row.merged_id)
    await write(unit, "asset", theirs, cause=apart.cause, untold=untold_of(await fields_of(unit.session, "asset")), initial=True)


def _still(drafts: Iterable[Draft], person_id: UUID) -> list[Draft]:
    """Return those that nobody has given to somebody else since."""
    return [draft for draft in drafts if draft.columns["person_id"] == person_id]


async def _put_links_back(session: AsyncSession, apart: Apart) -> None:
    """Let links lead to whom they led.

    Where a source said something since, the next run asks it anew: it may have said what both had already, of which no revision tells.
    """
    for link in apart.before["links"]:
        mine = (LINKS.c.integration_id == UUID(link["integration_id"]), LINKS.c.source_id == link["source_id"])
        row = (await session.execute(select(LINKS).where(*mine, LINKS.c.person_id == apart.kept.id))).one_or_none()
        if row is None:
            continue
        user = None if link["saas_user_id"] is None else UUID(link["saas_user_id"])
        values: dict[str, Any] = {"person_id": UUID(link["person_id"]), "saas_user_id": user}
        if row.content_hash != link["content_hash"]:
            values["content_hash"] = ""
        if row.last_observed_at.isoformat() == link["last_observed_at"]:
            values |= {name: _moment(link[name]) for name in ("missing_since", "deleted_at")}
        await session.execute(update(LINKS).where(*mine).values(values))
    await look_again(session, [apart.kept.id, apart.row.merged_id])


async def _put_names_back(session: AsyncSession, apart: Apart) -> None:
    merged, kept = apart.row.merged_id, apart.kept.id
    for one in apart.before["tombstones"]:
        mine = (TOMBSTONES.c.integration_id == UUID(one["integration_id"]), TOMBSTONES.c.source_id == one["source_id"])
        values = {"person_id": merged, "saas_user_id": UUID(one["saas_user_id"])}
        await session.execute(update(TOMBSTONES).where(*mine, TOMBSTONES.c.person_id == kept).values(values))
    chosen: Sequence[UUID] = [UUID(one) for one in apart.before["chosen"]]
    mine = (MATCH_CONFLICTS.c.id.in_(chosen), MATCH_CONFLICTS.c.chosen_id == kept)
    await session.execute(update(MATCH_CONFLICTS).where(*mine).values(chosen_id=merged))


def _moment(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
