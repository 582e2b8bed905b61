"""Changing records: one place that writes rows, revisions and events, for syncs, workflows and hands alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert

from mapper.tables import PEOPLE, REVISIONS, SAAS_USERS
from shared.clock import now
from shared.db.upsert import insert_for
from shared.events.records import Cause, Change, ChangeKind, RecordsChanged, RecordType
from shared.rules.fold import fold_record
from shared.unit import Unit

TABLES: dict[RecordType, Table] = {"person": PEOPLE, "saas_user": SAAS_USERS}


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
    proof: dict[str, Any] | None = None
    cause: Cause | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    """Columns of its table beside the common ones."""

    def set(self, key: str, value: Any) -> None:
        """Give a field a value; remember what it was when it differs."""
        before = self.fields.get(key)
        if before == value:
            return
        first = self.changes.get(key, (before, None))[0]
        self.changes[key] = (first, value)
        self.fields[key] = value


async def write(unit: Unit, record_type: RecordType, drafts: Sequence[Draft], *, cause: Cause, initial: bool = False) -> None:
    """Write changed drafts, a revision for each, and one event for all; those without a change are left alone.

    A draft's own cause, if it has one, goes into its revision; `cause` is what the event says of the whole batch.
    """
    changed = [draft for draft in drafts if draft.changes or draft.is_new]
    if not changed:
        return
    at = now()
    for draft in changed:
        draft.revision += 1
    await _upsert(unit, record_type, changed, at)
    await unit.session.execute(insert(REVISIONS), [_revision(unit, record_type, draft, draft.cause or cause, at) for draft in changed])
    unit.record(
        RecordsChanged(
            record_type=record_type,
            cause=cause,
            initial=initial,
            at=at,
            changes=[
                Change(record_id=draft.id, revision=draft.revision, kind=draft.kind, fields=draft.changes, after=dict(draft.fields))
                for draft in changed
            ],
        ),
    )


async def _upsert(unit: Unit, record_type: RecordType, drafts: list[Draft], at: datetime) -> None:
    table = TABLES[record_type]
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
    if new:
        await unit.session.execute(insert(table), new)
    if known:
        statement = insert_for(unit.session, table)
        replaced = {name: statement.excluded[name] for name in known[0] if name not in {"id", "created_at"}}
        await unit.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=replaced), known)


def _revision(unit: Unit, record_type: RecordType, draft: Draft, cause: Cause, at: datetime) -> dict[str, Any]:
    return {
        "record_type": record_type,
        "record_id": draft.id,
        "revision": draft.revision,
        "kind": draft.kind,
        "at": at,
        "changes": {key: list(pair) for key, pair in draft.changes.items()},
        "cause": cause.model_dump(),
        "proof": draft.proof,
        "correlation_id": unit.correlation_id,
    }
