"""Remembering what sources say of the fields with an order, beside their links."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.mappings.compiled import Compiled
from mapper.pages.candidates import Linked
from mapper.records.loading import portions
from mapper.records.many import among, put
from mapper.tables import KEPT_BY_HAND, LINK_ASSERTIONS, LINKS


async def write_assertions(session: AsyncSession, integration_id: UUID, linked: Sequence[Linked], compiled: Compiled) -> None:
    """Write what applied records say, in one statement; nothing where no field has an order. Their links are there."""
    rows = [
        {
            "source_id": one.candidate.source_id,
            "integration_id": integration_id,
            "says": one.candidate.settled.says,
            "revision": compiled.authority.revision,
        }
        for one in linked
        if one.candidate.settled is not None
    ]
    await put(session, LINK_ASSERTIONS, rows, replacing=("says", "revision"))


async def look_again(session: AsyncSession, record_ids: Iterable[UUID]) -> None:
    """Let the next run of each source settle these people, or assets, whether or not it says anything new."""
    await session.execute(update(LINK_ASSERTIONS).where(_of(session)).values(revision=0), {"ids": list(record_ids)})


async def forget_said(session: AsyncSession, record_ids: Iterable[UUID]) -> None:
    """Forget what sources and hands said of these records."""
    ids = {"ids": list(record_ids)}
    await session.execute(delete(LINK_ASSERTIONS).where(_of(session)), ids)
    await session.execute(delete(KEPT_BY_HAND).where(among(session, KEPT_BY_HAND.c.record_id, "ids")), ids)


async def forget_links(session: AsyncSession, integration_id: UUID, source_ids: Iterable[str]) -> None:
    """Forget what these records of one source said: until its next run, it counts as not asked."""
    for portion in portions(source_ids):
        theirs = (LINK_ASSERTIONS.c.source_id.in_(portion), LINK_ASSERTIONS.c.integration_id == integration_id)
        await session.execute(delete(LINK_ASSERTIONS).where(*theirs))


def _of(session: AsyncSession) -> ColumnElement[bool]:
    theirs = or_(among(session, LINKS.c.person_id, "ids"), among(session, LINKS.c.asset_id, "ids"))
    links = select(LINKS.c.source_id, LINKS.c.integration_id).where(theirs)
    return tuple_(LINK_ASSERTIONS.c.source_id, LINK_ASSERTIONS.c.integration_id).in_(links)
