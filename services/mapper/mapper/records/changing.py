"""Changing records: one place that writes rows, revisions and events, for syncs, workflows and hands alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete

from mapper.matching.holding import keep_key_values
from mapper.records.many import among, put
from mapper.saas_users.roles import ids_among, role_ids_of
from mapper.search.keeping import keep_words
from mapper.search.words import NOT_SEARCHED
from mapper.tables import ASSETS, KEPT_BY_HAND, PEOPLE, REVISIONS, SAAS_USERS
from shared.clock import now
from shared.events.records import Cause, Change, ChangeKind, RecordsChanged, RecordType
from shared.rules.fold import fold_record
from shared.unit import Unit

TABLES: dict[RecordType, Table] = {"person": PEOPLE, "saas_user": SAAS_USERS, "asset": ASSETS}
CHANGES_AT_ONCE = 250
"""Changes that one event tells: what a relay and a reader hold at once is bounded, however many records one transaction changes."""
NEVER_REPLACED = frozenset({"id", "created_at"})


@dataclass(slots=True)
class Draft:
    """A record as it will be: what it was, what changes, and what kind of change that is."""

    id: UUID
    revision: int
    fields: dict[str, Any]
    created_at: datetime
    kind: ChangeKind = "updated"
    is_new: bool = False
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    quiet: set[str] = field(default_factory=set)
    """The fields kept out of history that have another value now."""
    proof: dict[str, Any] | None = None
    cause: Cause | None = None
    origin: dict[str, Any] | None = None
    """What its revision keeps for an undo, or for whoever asks why."""
    is_gone: bool = False
    """It is removed."""
    alone: set[tuple[str, str]] = field(default_factory=set)
    """Values of sync keys that its writer has found nobody to have: it is not written beside another one."""
    columns: dict[str, Any] = field(default_factory=dict)
    """Columns of its table beside the common ones."""
    baseline: dict[str, Any] | None = None
    """Values to which a changed configuration alone would have led; None when it had no part in the change."""

    def set(self, key: str, value: Any, *, told: bool = True) -> None:
        """Give a field a value; remember what it was when it differs. `told` is False for fields kept out of history."""
        before = self.fields.get(key)
        if before == value and isinstance(before, bool) is isinstance(value, bool):
            return
        if told:
            first = self.changes.get(key, (before, None))[0]
            self.changes[key] = (first, value)
        else:
            self.quiet.add(key)
        self.fields[key] = value

    @property
    def is_told(self) -> bool:
        """Whether this makes a revision: something changed, or something happened that no field shows."""
        return bool(self.changes) or self.is_new or self.kind != "updated"

    def remove(self, untold: frozenset[str]) -> None:
        """Let the record be removed: each of its values becomes empty, and its revisions stay."""
        for key in list(self.fields):
            self.set(key, None, told=key not in untold)
        self.kind, self.is_gone = "removed", True


async def write(
    unit: Unit, record_type: RecordType, drafts: Sequence[Draft], *, cause: Cause, untold: frozenset[str], initial: bool = False
) -> None:
    """Write drafts, a revision for each that is told, and events for all of them; those without a change are left alone.

    A draft's own cause, if it has one, goes into its revision; `cause` is what the event says of the whole batch. `untold`
    are the fields that are kept out of history: a change of these alone is stored, and nobody hears of it.
    """
    if record_type == "saas_user":
        await _keep_role_ids(unit, drafts)
    told = [draft for draft in drafts if draft.is_told]
    at = now()
    for draft in told:
        draft.revision += 1
    await _store(unit, record_type, [draft for draft in drafts if (draft.is_told or draft.quiet) and not draft.is_gone], at)
    await _remove(unit, record_type, [draft.id for draft in drafts if draft.is_gone])
    await keep_key_values(unit.session, record_type, [draft for draft in drafts if draft.is_told or draft.quiet])
    if not told:
        return
    causes = {id(draft.cause or cause): (draft.cause or cause).model_dump() for draft in told}
    await put(unit.session, REVISIONS, [_revision(unit, record_type, draft, causes[id(draft.cause or cause)], at) for draft in told])
    # Nothing here comes from outside unchecked: validating each value again would cost as much as writing it.
    changes = [
        Change.model_construct(
            record_id=draft.id,
            revision=draft.revision,
            kind=draft.kind,
            fields=draft.changes,
            after={} if draft.is_gone else dict(draft.fields) if untold.isdisjoint(draft.fields) else _without(draft.fields, untold),
            baseline=None if draft.baseline is None else _without(draft.baseline, untold),
        )
        for draft in told
    ]
    for start in range(0, len(changes), CHANGES_AT_ONCE):
        told_now = changes[start : start + CHANGES_AT_ONCE]
        unit.record(RecordsChanged(record_type=record_type, cause=cause, initial=initial, at=at, changes=told_now))


async def _keep_role_ids(unit: Unit, drafts: Sequence[Draft]) -> None:
    """Let the ids of roles follow the roles, where these change."""
    changed = [draft for draft in drafts if "roles" in draft.changes and not draft.is_gone]
    wanted: dict[UUID, list[str]] = {}
    for draft in changed:
        wanted.setdefault(draft.columns["saas_instance_id"], []).extend(draft.fields["roles"] or ())
    known = await role_ids_of(unit.session, wanted)
    for draft in changed:
        ids = ids_among(draft.fields["roles"] or (), draft.columns["saas_instance_id"], known)
        if ids or draft.fields.get("role_ids"):
            draft.set("role_ids", ids)


def _without(fields: dict[str, Any], untold: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key not in untold}


async def _store(unit: Unit, record_type: RecordType, drafts: list[Draft], at: datetime) -> None:
    rows = [
        {
            "id": draft.id,
            "revision": draft.revision,
            "fields": draft.fields,
            "folded": fold_record(draft.fields),
            "created_at": draft.created_at,
            "updated_at": at,
            **draft.columns,
        }
        for draft in drafts
    ]
    new = [row for row, draft in zip(rows, drafts, strict=True) if draft.is_new]
    known = [row for row, draft in zip(rows, drafts, strict=True) if not draft.is_new]
    await put(unit.session, TABLES[record_type], new)
    if known:
        replacing = tuple(name for name in known[0] if name not in NEVER_REPLACED)
        await put(unit.session, TABLES[record_type], known, replacing=replacing)
    if record_type == "person":
        await keep_words(unit.session, [(draft.id, draft.fields) for draft in drafts if draft.is_new or _has_other_words(draft)])


def _has_other_words(draft: Draft) -> bool:
    return any(key not in NOT_SEARCHED for key in (*draft.changes, *draft.quiet))


async def _remove(unit: Unit, record_type: RecordType, ids: list[UUID]) -> None:
    if ids:
        for column in (TABLES[record_type].c.id, KEPT_BY_HAND.c.record_id):
            await unit.session.execute(delete(column.table).where(among(unit.session, column, "ids")), {"ids": ids})


def _revision(unit: Unit, record_type: RecordType, draft: Draft, cause: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "record_type": record_type,
        "record_id": draft.id,
        "revision": draft.revision,
        "kind": draft.kind,
        "at": at,
        "changes": draft.changes,
        "cause": cause,
        "proof": draft.proof,
        "correlation_id": unit.correlation_id,
        "origin": draft.origin,
    }
