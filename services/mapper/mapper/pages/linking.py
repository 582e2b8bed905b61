"""Links: what an integration calls a record, and what it last said of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Row, and_, exists, select, update

from mapper.pages.candidates import Linked
from mapper.pages.plan import Plan
from mapper.pages.reading import Known, column_of
from mapper.records.many import put
from mapper.tables import LINKS
from mapper.tombstones.tombstones import came_back
from shared.clock import now
from shared.events.sources import Provenance, UsersObserved
from shared.unit import Unit

REPLACED = (
    *("person_id", "saas_user_id", "asset_id", "assigned_source_id"),
    *("content_hash", "last_run_id", "last_observed_at", "missing_since", "deleted_at", "part"),
)
"""What a later observation of the same source id replaces; when and how it was first observed stays."""


def is_called(person_id: UUID, integration_id: Column[UUID], source_id: Column[str]) -> ColumnElement[bool]:
    """Return the condition that an id of a source is one of a person's: other sources may call other people the same."""
    mine = (LINKS.c.integration_id == integration_id, LINKS.c.source_id == source_id)
    return exists().where(LINKS.c.person_id == person_id, *mine)


async def write_links(unit: Unit, written: Sequence[tuple[UsersObserved, Plan]], known: Known) -> None:
    """Remember what pages applied, under the ids of the source."""
    linked = [linked for _, plan in written for linked in plan.links]
    provenance = written[0][0].provenance
    rows = [row for event, plan in written for row in _rows(unit, event, plan)]
    await put(unit.session, LINKS, rows, replacing=REPLACED)
    await _retire(unit, provenance, known, linked)
    await came_back(unit.session, provenance.integration_id, _returned(known, linked), now())


def _rows(unit: Unit, event: UsersObserved, plan: Plan) -> list[dict[str, Any]]:
    provenance = event.provenance
    first_seen = _first_seen(unit, event)
    return [
        {
            "source_id": linked.candidate.source_id,
            "integration_id": provenance.integration_id,
            **_leads_to(linked, plan, provenance),
            "content_hash": linked.candidate.content_hash,
            "last_run_id": provenance.run_id,
            "last_observed_at": event.fetched_at,
            "first_observed_at": event.fetched_at,
            "first_seen": first_seen,
            "missing_since": None,
            "deleted_at": None,
            "part": event.part,
        }
        for linked in plan.links
    ]


async def retiring(unit: Unit, provenance: Provenance, known: Known, written: Sequence[Linked]) -> Sequence[Row[Any]]:
    """Return the links, as they are, of those who come back under another id: seldom any."""
    old = _old(provenance, known, written)
    return [] if old is None else (await unit.session.execute(select(LINKS).where(old))).all()


async def _retire(unit: Unit, provenance: Provenance, known: Known, written: Sequence[Linked]) -> None:
    """Close the links of people who came back under another id: the old id is gone for good, and nobody is missing any more."""
    old = _old(provenance, known, written)
    if old is not None:
        await unit.session.execute(update(LINKS).where(old).values(missing_since=None, deleted_at=now()))


def _old(provenance: Provenance, known: Known, written: Sequence[Linked]) -> ColumnElement[bool] | None:
    back = {linked.person_id for linked in written} & known.gone
    if not back:
        return None
    return and_(
        LINKS.c.integration_id == provenance.integration_id,
        column_of(provenance).in_(back),
        LINKS.c.source_id.not_in([linked.candidate.source_id for linked in written]),
        LINKS.c.missing_since.is_not(None),
    )


def _leads_to(linked: Linked, plan: Plan, provenance: Provenance) -> dict[str, Any]:
    is_device = provenance.object_type == "device"
    return {
        "person_id": None if is_device else linked.person_id,
        "saas_user_id": linked.saas_user_id,
        "asset_id": linked.person_id if is_device else None,
        "assigned_source_id": plan.people[linked.person_id].fields.get("assigned_source_id") if is_device else None,
    }


def _returned(known: Known, written: Sequence[Linked]) -> dict[UUID, str]:
    """Return under which id those are there again who may have a tombstone, by the person whom it names."""
    back: dict[UUID, str] = {}
    for linked in written:
        candidate = linked.candidate
        row = known.buried.of_person(candidate.source_id, candidate.email_key, linked.person_id, known.people)
        if row is not None or linked.person_id in known.gone:
            back[linked.person_id if row is None else row.person_id] = candidate.source_id
    return back


def _first_seen(unit: Unit, event: UsersObserved) -> dict[str, Any]:
    provenance = event.provenance
    return {
        "run_id": str(provenance.run_id),
        "page": event.page,
        "integration": provenance.integration_name,
        "provider": provenance.provider,
        "actor": provenance.integration_user,
        "fetched_at": event.fetched_at.isoformat(),
        "correlation_id": str(unit.correlation_id),
    }
