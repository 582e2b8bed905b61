"""Where the id of a person leads who was merged into another one."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.records.patching import RecordNotFound
from mapper.tables import MERGES

LONGEST_CHAIN = 100


class PersonMerged(RecordNotFound):
    """The person was merged into another one: `merged_into` says into whom."""

    code, title = "person_merged", "Merged into another person"


async def not_there(session: AsyncSession, person_id: UUID) -> RecordNotFound:
    """Return why there is no such person: merged into another one, or never there."""
    leads_to, seen = await _next(session, person_id), 0
    while leads_to is not None and seen < LONGEST_CHAIN:
        further = await _next(session, leads_to)
        if further is None:
            remedy = f"Use the id {leads_to}, or take the merge back."
            return PersonMerged(f"the person {person_id} was merged into {leads_to}", remedy=remedy, merged_into=str(leads_to))
        leads_to, seen = further, seen + 1
    return RecordNotFound(f"there is no person {person_id}", remedy="Use an id from the list of People.")


async def _next(session: AsyncSession, person_id: UUID) -> UUID | None:
    into = select(MERGES.c.kept_id).where(MERGES.c.merged_id == person_id, MERGES.c.state == "merged")
    found: UUID | None = await session.scalar(into)
    return found


async def merged_into(session: AsyncSession, person_id: UUID) -> list[UUID]:
    """Return everybody who was merged into a person, by whatever way, and still is."""
    found: list[UUID] = []
    into = [person_id]
    while into:
        theirs = (MERGES.c.kept_id.in_(into), MERGES.c.state == "merged")
        into = [one for one in await session.scalars(select(MERGES.c.merged_id).where(*theirs)) if one not in found]
        found += into
    return found
