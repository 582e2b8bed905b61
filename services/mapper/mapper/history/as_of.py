"""Records as they were at a moment: their revisions, played up to it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of, untold_of
from mapper.records.patching import RecordNotFound
from mapper.tables import REVISIONS
from shared.api.assets import AssetAt
from shared.api.people import PersonAt
from shared.api.saas_users import SaasUserAt
from shared.clock import now
from shared.errors import Invalid, NotFound
from shared.events.records import RecordType


class NotThereThen(NotFound):
    """The record was not there at that moment."""

    code = "not_there_then"


class NotYet(Invalid):
    """The past was asked of a moment that is still to come."""

    code = "moment_in_the_future"


@dataclass(slots=True)
class State:
    """A record at a moment."""

    exists: bool = False
    revision: int = 0
    fields: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    removed_at: datetime | None = None
    first_at: datetime | None = None
    """When the record came to be, whatever the moment."""
    compacted_before: datetime | None = None
    """Set where the moment lies within a time of which only the outcome is kept."""


async def person_as_of(session: AsyncSession, person_id: UUID, at: datetime) -> PersonAt:
    """Return a Person as they were. Raises `RecordNotFound`, `NotThereThen`, `NotYet`."""
    state = await existing_at(session, "person", person_id, at)
    return PersonAt.model_validate({"id": person_id, **await _shown(session, "person", state, at)})


async def saas_user_as_of(session: AsyncSession, saas_user_id: UUID, at: datetime) -> SaasUserAt:
    """Return a SaaS user as they were. Raises as `person_as_of` does."""
    state = await existing_at(session, "saas_user", saas_user_id, at)
    belongs = {key: state.fields.get(key) for key in ("person_id", "saas_instance_id")}
    return SaasUserAt.model_validate({"id": saas_user_id, **belongs, **await _shown(session, "saas_user", state, at)})


async def asset_as_of(session: AsyncSession, asset_id: UUID, at: datetime) -> AssetAt:
    """Return an asset as it was, with whose it was. Raises as `person_as_of` does."""
    state = await existing_at(session, "asset", asset_id, at)
    whose = state.fields.get("person_id")
    return AssetAt.model_validate({"id": asset_id, "person_id": whose, **await _shown(session, "asset", state, at)})


async def existing_at(session: AsyncSession, record_type: RecordType, record_id: UUID, at: datetime) -> State:
    """Return a record's state at a moment at which it was there. Raises `RecordNotFound`, `NotThereThen`, `NotYet`."""
    state = await state_at(session, record_type, record_id, at)
    if state.exists:
        return state
    when = "it was removed" if state.removed_at else "it came to be"
    moment = state.removed_at or state.first_at
    said = moment.isoformat() if moment else "later"
    raise NotThereThen(
        f"the {record_type} {record_id} was not there at {at.isoformat()}: {when} at {said}",
        remedy=f"Ask for a moment {'before' if state.removed_at else 'after'} {said}.",
    )


def require_past(at: datetime, place: str) -> None:
    """Raise `NotYet`, which names `place`, when a moment is still to come."""
    if at > now():
        fields = [{"field": place, "message": "lies in the future"}]
        raise NotYet(f"{at.isoformat()} is still to come", remedy="Ask for a moment that is over, or for none: the present.", fields=fields)


async def state_at(session: AsyncSession, record_type: RecordType, record_id: UUID, at: datetime) -> State:
    """Return what a record was at a moment, which may be: not there. Raises `RecordNotFound`, `NotYet`."""
    require_past(at, "as_of")
    mine = of_record(record_type, record_id)
    newest = select(func.max(REVISIONS.c.revision)).where(mine, REVISIONS.c.at <= at).scalar_subquery()
    columns = (REVISIONS.c.revision, REVISIONS.c.kind, REVISIONS.c.at, REVISIONS.c.changes)
    rows = (await session.execute(select(*columns).where(mine, REVISIONS.c.revision <= newest).order_by(REVISIONS.c.revision))).all()
    state = State(first_at=await session.scalar(select(func.min(REVISIONS.c.at)).where(mine)))
    if state.first_at is None:
        raise RecordNotFound(f"there is no {record_type} {record_id}", remedy="Use an id from the list.")
    for row in rows:
        _play(state, row.kind, row.at, row.revision, row.changes)
    covers = (mine, REVISIONS.c.melted_from <= at, REVISIONS.c.at > at)
    state.compacted_before = await session.scalar(select(func.max(REVISIONS.c.at)).where(*covers))
    return state


def of_record(record_type: RecordType, record_id: UUID) -> ColumnElement[bool]:
    """Return the condition that a revision is this record's."""
    return and_(REVISIONS.c.record_type == record_type, REVISIONS.c.record_id == record_id)


def _play(state: State, kind: str, at: datetime, revision: int, changes: dict[str, Any]) -> None:
    state.fields |= {key: value for key, (_, value) in changes.items()}
    state.revision, state.updated_at, state.exists = revision, at, kind != "removed"
    if kind == "removed":
        state.fields, state.removed_at = {}, at
    if state.created_at is None:
        state.created_at = at


async def _shown(session: AsyncSession, record_type: RecordType, state: State, at: datetime) -> dict[str, Any]:
    known = await fields_of(session, record_type)
    return {
        "revision": state.revision,
        "fields": state.fields,
        "created_at": state.created_at,
        "updated_at": state.updated_at,
        "as_of": at,
        "compacted_before": state.compacted_before,
        "not_in_history": sorted(untold_of(known)),
    }
