"""What an anonymised person leaves in merges: who was merged with whom stays, nothing that they were does."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.merging.leading import merged_into
from mapper.tables import MERGES, REVISIONS


async def forget_merges(session: AsyncSession, person_id: UUID) -> list[UUID]:
    """Forget what people were before they were merged into this one, who then cannot be parted; return who they are."""
    merged = await merged_into(session, person_id)
    of_them = MERGES.c.kept_id.in_([person_id, *merged])
    await session.execute(update(MERGES).where(of_them).values(before=None, note=None))
    return merged


async def revisions_together(session: AsyncSession, person_id: UUID) -> ColumnElement[bool]:
    """Return the condition of revisions of others that may hold what this person was: of the time when both were one."""
    theirs = (MERGES.c.merged_id == person_id, MERGES.c.state == "unmerged")
    rows = (await session.execute(select(MERGES).where(*theirs))).all()
    return or_(
        false(),
        *(
            and_(
                REVISIONS.c.record_type == "person",
                REVISIONS.c.record_id == row.kept_id,
                REVISIONS.c.revision.between(row.first_revision, row.last_revision),
            )
            for row in rows
        ),
    )
