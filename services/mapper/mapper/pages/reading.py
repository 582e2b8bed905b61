"""Reading what a page's records meet: links, people and SaaS users, each in one statement."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Row, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.asserted import Asserted, read_asserted, settled_with
from mapper.authority.orders import Authority
from mapper.matching.deciding import decided_on
from mapper.matching.holding import holders_of
from mapper.matching.keys import OF_KEYS, KeyClaim
from mapper.records.changing import Draft
from mapper.records.loading import drafts_of, drafts_where
from mapper.records.many import among
from mapper.records.unique import Claim, holders
from mapper.tables import LINKS, SAAS_INSTANCES, SAAS_USERS
from mapper.tombstones.tombstones import Buried, buried
from shared.api.mappings import MADE_OF
from shared.events.sources import Provenance

OF_LINKS = tuple(column for column in LINKS.c if not column.name.startswith("first_"))


@dataclass(slots=True)
class Known:
    """What the database has about the records of one page."""

    links: dict[str, Row[Any]]
    holders: dict[Claim, UUID] = field(default_factory=dict)
    finders: dict[KeyClaim, set[UUID]] = field(default_factory=dict)
    """Who has which value of the sync keys that are no plain unique field."""
    people: dict[UUID, Draft] = field(default_factory=dict)
    """People; or, where the source describes devices, assets: so with all that is *by person* here."""
    saas_users: dict[UUID, Draft] = field(default_factory=dict)
    """By person."""
    linked: dict[UUID, str] = field(default_factory=dict)
    """By person: the source id of this integration's living link to them."""
    gone: set[UUID] = field(default_factory=set)
    """People to whom this integration has a link that is missing or deleted in the source."""
    buried: Buried = field(default_factory=Buried)
    """The tombstones of records that no living link knows."""
    decided: dict[str, Row[Any]] = field(default_factory=dict)
    """What people decided on conflicts, by source id."""
    saas_name: str | None = None
    assigned: dict[str, UUID] = field(default_factory=dict)
    """Of devices: the people whom they name, by the id that the source has for them."""
    asserted: Asserted = field(default_factory=Asserted)
    """What other sources, and hands, say of the fields with an order."""
    planned: set[str] = field(default_factory=set)
    """Source ids that an earlier page of the same plan showed."""


def record_of(link: Row[Any]) -> UUID:
    """Return what a link leads to: a person, or an asset."""
    record_id: UUID = link.person_id or link.asset_id
    return record_id


def column_of(provenance: Provenance) -> Column[UUID]:
    """Return the column of links that leads to the records of a source."""
    return LINKS.c.asset_id if provenance.object_type == "device" else LINKS.c.person_id


async def links_of(session: AsyncSession, integration_id: UUID, source_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Return the links of one integration by source id, but for how they were first seen."""
    theirs = (among(session, LINKS.c.source_id, "source_ids"), LINKS.c.integration_id == integration_id)
    rows = await session.execute(select(*OF_LINKS).where(*theirs), {"source_ids": list(source_ids)})
    return {row.source_id: row for row in rows}


async def meet(session: AsyncSession, integration_id: UUID, source_ids: Iterable[str], authority: Authority) -> Known:
    """Return what is known of the records with these ids before it is looked at what they say."""
    wanted = list(source_ids)
    known = Known(await links_of(session, integration_id, wanted), asserted=Asserted(authority))
    if authority and known.links:
        known.asserted.settled_with = await settled_with(session, integration_id, wanted)
    return known


async def read_orders(session: AsyncSession, known: Known, provenance: Provenance, unique: Iterable[str]) -> None:
    """Read what is said of the fields with an order, of people who were read and locked before; nothing where no field has one."""
    if not known.asserted.authority:
        return
    record_type = MADE_OF[provenance.object_type]
    await read_asserted(session, known.asserted, record_type, known.people)
    if more := known.asserted.said(frozenset(unique)) - known.holders.keys():
        known.holders |= await holders(session, record_type, more)


async def read_more(session: AsyncSession, known: Known, provenance: Provenance, claims: set[Claim], source_ids: set[str]) -> None:
    """Read what the changed records of the page meet, by unique values and sync keys; people and SaaS users are locked."""
    record_type = MADE_OF[provenance.object_type]
    by_keys = {claim for claim in claims if claim[0].startswith(OF_KEYS)}
    known.holders = await holders(session, record_type, claims - by_keys)
    known.finders = await holders_of(session, by_keys)
    for source_id, link in known.links.items():
        _note(known, record_of(link), source_id, living=link.missing_since is None and link.deleted_at is None)
    linked = {source_id for source_id in source_ids if source_id in known.links and known.links[source_id].deleted_at is None}
    of_links = {record_of(known.links[source_id]) for source_id in linked}
    others = set(known.holders.values()).union(*known.finders.values())
    if new := source_ids - linked:
        known.decided = await decided_on(session, provenance.integration_id, new)
        others |= {row.chosen_id for row in known.decided.values() if row.chosen_id is not None}
    if new and record_type == "person":
        known.buried = await buried(session, provenance.integration_id, new, {value for key, value in claims if key == "email"})
        others |= known.buried.people
    await _read_links_of(session, known, provenance, others - of_links)
    person_ids = of_links | others
    known.people = await drafts_of(session, record_type, person_ids)
    instance_id = provenance.saas_instance_id
    if instance_id is not None:
        await _read_saas_users(session, known, instance_id, person_ids)
        # Only a new SaaS user is told its instance's name.
        if new or not person_ids.issubset(known.saas_users):
            known.saas_name = await session.scalar(select(SAAS_INSTANCES.c.name).where(SAAS_INSTANCES.c.id == instance_id))


async def _read_saas_users(session: AsyncSession, known: Known, instance_id: UUID, person_ids: set[UUID]) -> None:
    if person_ids:
        condition = and_(SAAS_USERS.c.saas_instance_id == instance_id, among(session, SAAS_USERS.c.person_id, "people"))
        found = await drafts_where(session, "saas_user", condition, people=list(person_ids))
        known.saas_users = {draft.columns["person_id"]: draft for draft in found.values()}


async def _read_links_of(session: AsyncSession, known: Known, provenance: Provenance, person_ids: set[UUID]) -> None:
    """Read the links of people whom the page names by a unique value, and not by a link of its own: seldom any."""
    if not person_ids:
        return
    linked_to = column_of(provenance)
    columns = (linked_to, LINKS.c.source_id, LINKS.c.missing_since, LINKS.c.deleted_at)
    theirs = and_(among(session, linked_to, "people"), LINKS.c.integration_id == provenance.integration_id)
    rows = await session.execute(select(*columns).where(theirs), {"people": list(person_ids)})
    for person_id, source_id, missing_since, deleted_at in rows:
        _note(known, person_id, source_id, living=missing_since is None and deleted_at is None)


def _note(known: Known, person_id: UUID, source_id: str, *, living: bool) -> None:
    if living:
        known.linked[person_id] = source_id
    else:
        known.gone.add(person_id)
