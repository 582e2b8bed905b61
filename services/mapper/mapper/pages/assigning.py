"""Whose a device is: the person whom the source names, by the id that the same application has for its users.

The person may come after the device: then the device is given to them with the page that shows them.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.assets.owning import assign
from mapper.fields.fields import fields_of, untold_of
from mapper.history.runs import note_began
from mapper.pages.candidates import Candidate
from mapper.pages.plan import Plan
from mapper.pages.reading import Known
from mapper.records.changing import write
from mapper.records.loading import drafts_of, portions
from mapper.tables import ASSETS, LINKS, MAPPING_USES, PEOPLE
from shared.events.records import Cause
from shared.events.sources import Provenance, UsersObserved
from shared.unit import Unit

T = TypeVar("T")

DEVICES, USERS = LINKS.alias("devices"), LINKS.alias("users")


async def read_assigned(session: AsyncSession, known: Known, provenance: Provenance, candidates: Iterable[Candidate]) -> None:
    """Read the people whom a page of devices names, in one statement."""
    if provenance.object_type != "device" or provenance.application is None:
        return
    named = {source_id for one in candidates if (source_id := one.values.get("assigned_source_id")) is not None}
    found: list[tuple[str, UUID]] = []
    for portion in portions(named):
        theirs = (USERS.c.source_id.in_(portion), *_of_users(provenance.application))
        rows = await session.execute(
            select(USERS.c.source_id, USERS.c.person_id).join(MAPPING_USES, _uses(USERS.c.integration_id)).where(*theirs)
        )
        found += [(row.source_id, row.person_id) for row in rows]
    known.assigned = _certain(found)


async def assign_late(unit: Unit, planned: Sequence[tuple[UsersObserved, Plan]], cause: Cause, version: int) -> bool:
    """Give devices to the people whom they name: those who wait for somebody on these pages, or those on pages of devices.

    Return whether any was given, in the name of the run that shows them.
    """
    provenance = planned[0][0].provenance
    if provenance.application is None:
        return False
    if provenance.object_type == "device":
        source_ids = [source_id for event, _ in planned for source_id in event.source_ids]
        where, shown = (
            DEVICES,
            (MAPPING_USES.c.application == provenance.application, DEVICES.c.integration_id == provenance.integration_id),
        )
        other = USERS.c.integration_id
    else:
        source_ids = [linked.candidate.source_id for _, plan in planned for linked in plan.links]
        where, other = USERS, DEVICES.c.integration_id
        shown = (USERS.c.integration_id == provenance.integration_id, MAPPING_USES.c.application == provenance.application)
    found: list[tuple[UUID, UUID]] = []
    for portion in portions(source_ids):
        found += await _pairs(unit.session, other, (where.c.source_id.in_(portion), *shown))
    owners = _certain(found)
    if not owners:
        return False
    await note_began(unit.session, provenance, version)
    drafts = await drafts_of(unit.session, "asset", owners)
    for asset_id, draft in drafts.items():
        assign(draft, owners[asset_id])
    untold = untold_of(await fields_of(unit.session, "asset"))
    await write(unit, "asset", list(drafts.values()), cause=cause, untold=untold, initial=provenance.initial)
    return True


async def _pairs(session: AsyncSession, other: ColumnElement[UUID], conditions: Sequence[ColumnElement[bool]]) -> list[tuple[UUID, UUID]]:
    """Return devices that are not yet those of the person whom they name, each with that person."""
    named = and_(USERS.c.source_id == DEVICES.c.assigned_source_id, *_known())
    statement = (
        select(ASSETS.c.id, USERS.c.person_id)
        .select_from(DEVICES)
        .join(USERS, named)
        .join(ASSETS, ASSETS.c.id == DEVICES.c.asset_id)
        .join(MAPPING_USES, _uses(other))
        .where(DEVICES.c.assigned_source_id.is_not(None), ASSETS.c.person_id.is_distinct_from(USERS.c.person_id), *conditions)
    )
    return [(row.id, row.person_id) for row in await session.execute(statement)]


def _uses(integration_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    return MAPPING_USES.c.integration_id == integration_id


def _of_users(application: str) -> tuple[ColumnElement[bool], ...]:
    return *_known(), MAPPING_USES.c.application == application


def _known() -> tuple[ColumnElement[bool], ...]:
    """Return who may be given a device: a user who is there, and of whom something personal is left."""
    nobody = exists().where(PEOPLE.c.id == USERS.c.person_id, PEOPLE.c.anonymised_at.is_not(None))
    return USERS.c.person_id.is_not(None), USERS.c.deleted_at.is_(None), ~nobody


def _certain(found: Iterable[tuple[T, UUID]]) -> dict[T, UUID]:
    """Return who is whose, where only one can be meant: between two, nobody guesses."""
    people: dict[T, set[UUID]] = {}
    for one, person_id in found:
        people.setdefault(one, set()).add(person_id)
    return {one: next(iter(some)) for one, some in people.items() if len(some) == 1}
