"""Making an undo, batch by batch: records, revisions, unique values, links; what the guard withholds goes into its tray."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, select, update

from mapper.assets.owning import assign
from mapper.fields.fields import untold_of
from mapper.guard.losses import Loss
from mapper.guard.scopes import Scope, instance, integration
from mapper.guard.tray import hold, lost_already, waiting
from mapper.history.runs import NEWEST
from mapper.records.changing import Draft, write
from mapper.records.loading import drafts_where, portions
from mapper.records.unique import rewrite
from mapper.tables import ASSETS, TOMBSTONES, UNDO_ITEMS, UNDOS, UNIQUE_VALUES
from mapper.undo.judging import TYPES, Judged, judge
from mapper.undo.links import marked, since_of
from mapper.undo.reversal import Reversal
from shared.api.guard import CrossedOut
from shared.api.history import UndoOutcome
from shared.events.records import Cause, RecordType
from shared.unit import Unit

OUTCOMES: Mapping[str, UndoOutcome] = {
    "put_back": "applied",
    "remove": "applied",
    "bring_back": "applied",
    "keep": "kept",
    "nothing": "nothing",
}


async def make(unit: Unit, undo: Row[Any], people: Iterable[UUID], *, released: bool = False) -> set[UUID]:
    """Undo for these people what still can be, and note what became of each record; return the records that were removed.

    Everything is judged anew: what changed after the plan was made is left alone, too. `released`: removals that the guard
    withheld are wanted now.
    """
    judged = await judge(unit.session, undo, people, open_only="outcome")
    withheld = set() if released else await _withhold(unit, undo, judged)
    cause = Cause(kind="undo", id=str(undo.id), actor=undo.asked_by, detail=_detail(undo))
    drafts = {kind: [_draft(judged, kind, one) for one in judged.reversals[kind] if _acts(judged, kind, one, withheld)] for kind in TYPES}
    untold = {kind: untold_of(judged.known[kind]) for kind in TYPES}
    _put_links_back(judged, drafts)
    gone = {kind: [draft for draft in drafts[kind] if draft.is_gone] for kind in TYPES}
    await write(unit, "saas_user", gone["saas_user"], cause=cause, untold=untold["saas_user"], initial=True)
    await _free_values(unit, gone)
    await _take_assets(unit, gone["person"], drafts["asset"], cause, untold["asset"])
    await write(unit, "person", drafts["person"], cause=cause, untold=untold["person"], initial=True)
    await write(unit, "asset", drafts["asset"], cause=cause, untold=untold["asset"], initial=True)
    there = [draft for draft in drafts["saas_user"] if not draft.is_gone]
    await write(unit, "saas_user", there, cause=cause, untold=untold["saas_user"], initial=True)
    for kind in TYPES:
        await rewrite(unit.session, kind, [draft for draft in drafts[kind] if not draft.is_gone], judged.unique(kind))
    await judged.links.write(unit.session, undo.id)
    await _forget_returns(unit, judged)
    removed = {draft.id for kind in TYPES for draft in gone[kind]}
    if not released:
        await lost_already(unit.session, removed)
    await note(unit, undo, judged, withheld, done=True)
    return removed


async def note(unit: Unit, undo: Row[Any], judged: Judged, withheld: Collection[UUID], *, done: bool) -> None:
    """Note what becomes, or became, of each record."""
    rows = [
        {
            "this": one,
            "new_action": reversal.action,
            "new_fields": reversal.fields,
            "new_conflicts": reversal.conflicts,
            "new_conflicted": bool(reversal.conflicts),
            "new_outcome": ("withheld" if one in withheld else OUTCOMES[reversal.action]) if done else None,
            "new_scope": judged.scopes.get(one),
        }
        for kind in TYPES
        for one, reversal in judged.reversals[kind].items()
    ]
    if not rows:
        return
    names = ("action", "fields", "conflicts", "conflicted", "outcome", "scope")
    values = {name: bindparam(f"new_{name}", type_=UNDO_ITEMS.c[name].type) for name in names}
    mine = (UNDO_ITEMS.c.undo_id == undo.id, UNDO_ITEMS.c.record_id == bindparam("this"))
    await unit.session.execute(update(UNDO_ITEMS).where(*mine).values(values), rows)


def _detail(undo: Row[Any]) -> str:
    what = "a run" if undo.undoes_kind == "run" else "the undo of a run"
    return f"undid {what} of {undo.integration_name}"


def _acts(judged: Judged, kind: RecordType, record_id: UUID, withheld: Collection[UUID]) -> bool:
    return record_id not in withheld and judged.reversals[kind][record_id].action in {"put_back", "remove", "bring_back"}


def _draft(judged: Judged, kind: RecordType, record_id: UUID) -> Draft:
    reversal, untold = judged.reversals[kind][record_id], untold_of(judged.known[kind])
    if reversal.action == "bring_back":
        return _brought_back(kind, record_id, reversal, untold)
    draft = judged.drafts[kind][record_id]
    if reversal.action == "remove":
        row = {"fields": dict(draft.fields), "created_at": marked(draft.created_at)}
        draft.origin = {"row": {**row, "columns": {name: str(value) for name, value in draft.columns.items() if value is not None}}}
        draft.remove(untold)
        return draft
    for key, (_, value) in reversal.fields.items():
        draft.set(key, value, told=key not in untold)
    draft.kind = "undone"
    _own(kind, draft)
    return draft


def _own(kind: RecordType, draft: Draft) -> None:
    """Let an asset belong to the person whom its values name."""
    if kind == "asset":
        owner = draft.fields.get("person_id")
        draft.columns["person_id"] = None if owner is None else UUID(owner)


def _brought_back(kind: RecordType, record_id: UUID, reversal: Reversal, untold: frozenset[str]) -> Draft:
    """Return a removed record as it was, its values and its columns."""
    row, last = reversal.mine[-1].origin["row"], reversal.mine[-1]
    draft = Draft(
        id=record_id,
        revision=last.revision,
        fields={},
        created_at=since_of(row["created_at"]) or last.at,
        kind="restored",
        is_new=True,
        columns={name: UUID(value) for name, value in row["columns"].items()},
    )
    for key, (_, value) in reversal.fields.items():
        draft.set(key, value, told=key not in untold)
    _own(kind, draft)
    return draft


def _put_links_back(judged: Judged, drafts: Mapping[RecordType, Sequence[Draft]]) -> None:
    """Let the links of records be what they were; each record's revision keeps what would undo that."""
    links = judged.links
    for kind in reversed(TYPES):
        for draft in drafts[kind]:
            reversal = judged.reversals[kind][draft.id]
            mine = links.of(kind, draft.id)
            kept = draft.origin or {}
            if draft.is_gone:
                kept["links"] = links.take(mine)
            elif reversal.action == "bring_back":
                links.bring_back(reversal.mine[-1].origin.get("links", ()))
            else:
                kept |= _of_absence(judged, kind, draft, reversal)
                # Where something is kept, so is the link: else the next run would write the undone value over what somebody mended.
                for row in reversed(() if reversal.conflicts else reversal.mine):
                    for name, more in _of_origin(judged, row.origin or {}).items():
                        kept[name] = [*kept.get(name, ()), *more]
            draft.origin = kept or None


def _of_origin(judged: Judged, origin: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Put back the links that a revision changed or removed; return what would undo that."""
    found: dict[str, list[Any]] = {}
    judged.links.bring_back(origin.get("links", ()))
    for link in reversed(origin.get("wrote", ())):
        for name, more in (judged.links.put_back(link) or {}).items():
            found[name] = [*found.get(name, ()), *more]
    return found


def _of_absence(judged: Judged, kind: RecordType, draft: Draft, reversal: Reversal) -> dict[str, Any]:
    """Say in the links, too, whether the source has a record."""
    links, last = judged.links, reversal.mine[-1]
    mine = links.of(kind, draft.id)
    since = (last.origin or {}).get("missing")
    if kind != "person":
        if "missing_since" not in reversal.fields:
            return {}
        since = since or reversal.fields["missing_since"][1]
    elif last.kind != "missing" and since is None:
        return {}
    missing = [row for row in mine if row.missing_since is not None]
    links.mark_missing(missing if since is None else mine, since_of(since))
    return {"missing": marked(missing[0].missing_since)} if missing and since is None else {}


async def _take_assets(unit: Unit, people: Sequence[Draft], others: Sequence[Draft], cause: Cause, untold: frozenset[str]) -> None:
    """Take their assets from people who are removed: the next run that shows a person gives them back."""
    already = {draft.id for draft in others}
    for portion in portions([draft.id for draft in people]):
        assets = await drafts_where(unit.session, "asset", ASSETS.c.person_id.in_(portion))
        theirs = [draft for draft in assets.values() if draft.id not in already]
        for draft in theirs:
            assign(draft, None)
            draft.kind = "undone"
        await write(unit, "asset", theirs, cause=cause, untold=untold, initial=True)


async def _free_values(unit: Unit, gone: Mapping[RecordType, Sequence[Draft]]) -> None:
    for kind in TYPES:
        for portion in portions([draft.id for draft in gone[kind]]):
            of_them = (UNIQUE_VALUES.c.object_type == kind, UNIQUE_VALUES.c.record_id.in_(portion))
            await unit.session.execute(delete(UNIQUE_VALUES).where(*of_them))


async def _forget_returns(unit: Unit, judged: Judged) -> None:
    """Let tombstones say again that nobody came back, where the return is what was undone."""
    returned = [
        one
        for one, reversal in judged.reversals["saas_user"].items()
        if reversal.action in {"put_back", "remove"} and (reversal.fields.get("returned_at") or (None,))[0] is not None
    ]
    for portion in portions(returned):
        of_them = (TOMBSTONES.c.saas_user_id.in_(portion), TOMBSTONES.c.returned_at.is_not(None))
        await unit.session.execute(update(TOMBSTONES).where(*of_them).values(returned_at=None, returned_as=None))


async def _withhold(unit: Unit, undo: Row[Any], judged: Judged) -> set[UUID]:
    """Put into the tray what would cross a limit; return it, with the people whose SaaS users wait there."""
    crossed = {key: CrossedOut.model_validate(over) for key, over in undo.crossed.items()}
    losses: dict[str, dict[Loss, CrossedOut]] = {}
    for one, key in judged.scopes.items():
        if key in crossed:
            losses.setdefault(key, {})[_loss(undo, judged, one, key)] = crossed[key]
    withheld = {loss.record_id for mine in losses.values() for loss in mine}
    held = await waiting(unit.session, withheld)
    for key in sorted(losses):
        await hold(unit, scope_of(key), losses[key], held)
    owners = {judged.drafts["saas_user"][one].columns["person_id"] for one in withheld & judged.drafts["saas_user"].keys()}
    return withheld | {one for one in owners if one in judged.reversals["person"] and judged.reversals["person"][one].action == "remove"}


def _loss(undo: Row[Any], judged: Judged, record_id: UUID, key: str) -> Loss:
    kind = next(kind for kind in TYPES if record_id in judged.drafts[kind])
    return Loss(
        scope=scope_of(key),
        record_type=kind,
        record_id=record_id,
        kind="removed",
        key=str(undo.id),
        cause=Cause(kind="undo", id=str(undo.id), actor=undo.asked_by, detail=_detail(undo)),
        integration_id=undo.integration_id,
        source_id=judged.drafts[kind][record_id].fields.get("source_id"),
        proof={"undo_id": str(undo.id), "undoes": str(undo.undoes)},
    )


def scope_of(key: str) -> Scope:
    """Return the scope of a key."""
    kind, _, one = key.partition(":")
    return instance(UUID(one)) if kind == "saas_instance" else integration(UUID(one))


async def release(unit: Unit, undo_id: UUID, record_ids: Sequence[UUID]) -> set[UUID]:
    """Remove what was withheld and is released now, unless somebody had to do with it since; return what was removed.

    The caller holds the scopes.
    """
    undo = (await unit.session.execute(select(UNDOS).where(UNDOS.c.id == undo_id).with_for_update())).one_or_none()
    if undo is None:
        return set()
    people = await _reopened(unit, undo_id, record_ids)
    removed = await make(unit, undo, people, released=True) if people else set()
    await unit.session.execute(update(UNDOS).where(UNDOS.c.id == undo_id).values(own_last=NEWEST))
    return removed


async def _reopened(unit: Unit, undo_id: UUID, record_ids: Sequence[UUID]) -> set[UUID]:
    """Let withheld items, and those of their people, be looked at again; return the people."""
    found: set[UUID] = set()
    for portion in portions(record_ids):
        mine = (UNDO_ITEMS.c.undo_id == undo_id, UNDO_ITEMS.c.record_id.in_(portion), UNDO_ITEMS.c.outcome == "withheld")
        found |= set(await unit.session.scalars(select(UNDO_ITEMS.c.person_id).where(*mine)))
    for portion in portions(found):
        theirs = (UNDO_ITEMS.c.undo_id == undo_id, UNDO_ITEMS.c.person_id.in_(portion), UNDO_ITEMS.c.outcome == "withheld")
        await unit.session.execute(update(UNDO_ITEMS).where(*theirs).values(outcome=None))
    return found
