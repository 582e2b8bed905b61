"""Timelines: observations and revisions, with a person also those of their SaaS users and assets, in the order in which they happened."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.assets.assets import read_asset
from mapper.people.people import read_person
from mapper.tables import ASSETS, LINKS, REVISIONS, SAAS_USERS
from shared.api.records import TimelineEntry
from shared.events.records import Cause

LONGEST = 2000
"""The newest entries that are shown."""
SAYS = {
    "created": "created",
    "updated": "changed: {fields}",
    "roles_set": "roles set to {roles}",
    "flagged": "flagged to be deleted in SaaS",
    "missing": "missing in the source, proven by asking for it",
    "returned": "seen in the source again",
    "reopened": "seen in the source again, after it was deleted there; whether to delete it in SaaS is an open question",
    "deactivated": "deactivated",
    "archived": "archived",
    "restored": "restored",
    "anonymised": "anonymised",
    "deleted_in_source": "deleted in the source, proven by reading back",
    "undone": "put back as it was: {fields}",
    "removed": "removed: the run that had created it was undone",
    "merged": "another person was merged into this one: {fields}",
    "merged_away": "merged into another person, or into their SaaS user",
    "unmerged": "a merge was taken back: {fields}",
    "apart": "two again: a merge was taken back",
    "brought_back": "brought back: its removal was undone",
}
NAMES = {"person": "Person", "saas_user": "SaaS user", "asset": "Asset"}


async def timeline_of(session: AsyncSession, person_id: UUID) -> list[TimelineEntry]:
    """Return what happened, oldest first. Raises `RecordNotFound`."""
    await read_person(session, person_id)
    saas_users = list((await session.scalars(select(SAAS_USERS.c.id).where(SAAS_USERS.c.person_id == person_id))).all())
    assets = list((await session.scalars(select(ASSETS.c.id).where(ASSETS.c.person_id == person_id))).all())
    of_them = or_(
        and_(REVISIONS.c.record_type == "person", REVISIONS.c.record_id == person_id),
        and_(REVISIONS.c.record_type == "saas_user", REVISIONS.c.record_id.in_(saas_users)),
        and_(REVISIONS.c.record_type == "asset", REVISIONS.c.record_id.in_(assets)),
    )
    return await _joined(session, LINKS.c.person_id == person_id, of_them)


async def timeline_of_asset(session: AsyncSession, asset_id: UUID) -> list[TimelineEntry]:
    """Return what happened to a device, oldest first. Raises `RecordNotFound`."""
    await read_asset(session, asset_id)
    of_it = and_(REVISIONS.c.record_type == "asset", REVISIONS.c.record_id == asset_id)
    return await _joined(session, LINKS.c.asset_id == asset_id, of_it)


async def _joined(session: AsyncSession, linked: ColumnElement[bool], of_them: ColumnElement[bool]) -> list[TimelineEntry]:
    links = (await session.execute(select(LINKS).where(linked))).all()
    newest = select(REVISIONS).where(of_them).order_by(REVISIONS.c.position.desc()).limit(LONGEST)
    revisions = (await session.execute(newest)).all()
    observed = [_observed(link) for link in links]
    told = [_told(row) for row in reversed(revisions)]
    return sorted(observed + told, key=lambda entry: entry.at)


def _observed(link: Row[Any]) -> TimelineEntry:
    seen = link.first_seen
    cause = Cause(kind="run", id=seen["run_id"], actor=seen["actor"], detail=f"{seen['integration']}, page {seen['page']}")
    return TimelineEntry(
        at=datetime.fromisoformat(seen["fetched_at"]),
        kind="observed",
        record_type="person" if link.asset_id is None else "asset",
        record_id=link.person_id or link.asset_id,
        summary=f"observed in {seen['provider']} with the id {link.source_id}",
        fields={},
        cause=cause,
        correlation_id=seen["correlation_id"],
    )


def _told(row: Row[Any]) -> TimelineEntry:
    kind = _kind(row)
    says = SAYS[_says(row, kind)]
    words = says.format(fields=", ".join(sorted(row.changes)), roles=", ".join((row.changes.get("roles") or [None, []])[1] or []))
    return TimelineEntry(
        at=row.at,
        kind=kind,
        record_type=row.record_type,
        record_id=row.record_id,
        summary=f"{NAMES[row.record_type]} {words}",
        fields={key: (pair[0], pair[1]) for key, pair in row.changes.items()},
        cause=Cause.model_validate(row.cause),
        proof=row.proof,
        correlation_id=row.correlation_id,
    )


def _says(row: Row[Any], kind: str) -> str:
    if row.cause["kind"] == "merge":
        return {"removed": "merged_away", "restored": "apart"}.get(kind, kind)
    return "reopened" if _is_reopened(row) else "brought_back" if _is_brought_back(row) else kind


def _is_reopened(row: Row[Any]) -> bool:
    return bool(row.kind == "returned" and "to_be_deleted" in row.changes)


def _is_brought_back(row: Row[Any]) -> bool:
    return bool(row.kind == "restored" and row.cause["kind"] == "undo")


def _kind(row: Row[Any]) -> Any:
    if row.kind == "updated" and "roles" in row.changes and row.changes.keys() <= {"roles", "role_ids"}:
        return "roles_set"
    if row.kind == "updated" and (row.changes.get("to_be_deleted") or [None, None])[1] is True:
        return "flagged"
    return row.kind
