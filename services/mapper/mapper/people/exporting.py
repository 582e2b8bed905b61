"""What is kept about one person, in one answer: for the person who asks for it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

import mapper.assets.assets as of_assets
import mapper.saas_users.saas_users as of_saas_users
from mapper.observations.keeping import read_content
from mapper.people.people import read_person
from mapper.tables import ASSETS, LINK_ASSERTIONS, LINKS, OBSERVATIONS, SAAS_USERS
from mapper.timeline.timeline import timeline_of
from shared.api.people import LinkOut, SubjectExport
from shared.clock import now


async def export_subject(session: AsyncSession, person_id: UUID) -> SubjectExport:
    """Return everything about a person. Raises `RecordNotFound`."""
    person = await read_person(session, person_id)
    saas_users = await session.execute(select(SAAS_USERS).where(SAAS_USERS.c.person_id == person_id).order_by(SAAS_USERS.c.id))
    assets = (await session.execute(select(ASSETS).where(ASSETS.c.person_id == person_id).order_by(ASSETS.c.id))).all()
    seen_at = await of_assets.last_seen(session, [row.id for row in assets])
    same = and_(LINK_ASSERTIONS.c.source_id == LINKS.c.source_id, LINK_ASSERTIONS.c.integration_id == LINKS.c.integration_id)
    seen = and_(OBSERVATIONS.c.source_id == LINKS.c.source_id, OBSERVATIONS.c.integration_id == LINKS.c.integration_id)
    linked = select(LINKS, LINK_ASSERTIONS.c.says, OBSERVATIONS.c.content).join_from(LINKS, LINK_ASSERTIONS, same, isouter=True)
    linked = linked.join(OBSERVATIONS, seen, isouter=True).where(LINKS.c.person_id == person_id)
    links = await session.execute(linked.order_by(LINKS.c.first_observed_at))
    return SubjectExport(
        exported_at=now(),
        person=person,
        saas_users=[of_saas_users.shown(row) for row in saas_users],
        assets=[of_assets.shown(row, seen_at.get(row.id)) for row in assets],
        links=[_link(row) for row in links],
        timeline=await timeline_of(session, person_id),
    )


def _link(row: Row[Any]) -> LinkOut:
    raw = None if row.content is None else read_content(row.content)
    told = {name: getattr(row, name) for name in LinkOut.model_fields if name not in ("says", "last_observation")}
    return LinkOut(**told, says=row.says or {}, last_observation=raw)
