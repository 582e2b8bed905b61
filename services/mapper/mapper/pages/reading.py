"""Reading what a page's records meet: links, people and SaaS users, each in one statement."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.records.changing import Draft
from mapper.records.loading import drafts_of, drafts_where
from mapper.records.unique import Claim, holders
from mapper.tables import LINKS, SAAS_INSTANCES, SAAS_USERS
from shared.events.sources import Provenance


@dataclass(slots=True)
class Known:
    """What the database has about the records of one page."""

    links: dict[str, Row[Any]]
    holders: dict[Claim, UUID] = field(default_factory=dict)
    people: dict[UUID, Draft] = field(default_factory=dict)
    saas_users: dict[UUID, Draft] = field(default_factory=dict)
    """By person."""
    linked: dict[UUID, Row[Any]] = field(default_factory=dict)
    """The living link of this integration to each person, whichever source id it has."""
    saas_name: str | None = None


async def links_of(session: AsyncSession, integration_id: UUID, source_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Return the links of one integration by source id."""
    rows = await session.execute(select(LINKS).where(LINKS.c.integration_id == integration_id, LINKS.c.source_id.in_(list(source_ids))))
    return {row.source_id: row for row in rows}


async def read_more(session: AsyncSession, known: Known, provenance: Provenance, claims: set[Claim], source_ids: set[str]) -> None:
    """Read what the changed records of the page meet; people and SaaS users are locked."""
    known.holders = await holders(session, "person", claims)
    of_links = {known.links[source_id].person_id for source_id in source_ids if source_id in known.links}
    person_ids = of_links | set(known.holders.values())
    known.people = await drafts_of(session, "person", person_ids)
    if not person_ids:
        await _read_instance(session, known, provenance)
        return
    same_integration = and_(LINKS.c.integration_id == provenance.integration_id, LINKS.c.person_id.in_(person_ids))
    rows = await session.execute(select(LINKS).where(same_integration, LINKS.c.missing_since.is_(None), LINKS.c.deleted_at.is_(None)))
    known.linked = {row.person_id: row for row in rows}
    if provenance.saas_instance_id is not None:
        condition = and_(SAAS_USERS.c.saas_instance_id == provenance.saas_instance_id, SAAS_USERS.c.person_id.in_(person_ids))
        found = await drafts_where(session, "saas_user", condition)
        known.saas_users = {draft.columns["person_id"]: draft for draft in found.values()}
    await _read_instance(session, known, provenance)


async def _read_instance(session: AsyncSession, known: Known, provenance: Provenance) -> None:
    if provenance.saas_instance_id is not None:
        by_id = select(SAAS_INSTANCES.c.name).where(SAAS_INSTANCES.c.id == provenance.saas_instance_id)
        known.saas_name = await session.scalar(by_id)
