"""What earlier pages of the same plan would have done: a later page must see it, as if it had been written."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.matching.keys import OF_KEYS
from mapper.pages.reading import Known
from mapper.records.loading import portions
from mapper.records.unique import Claim
from mapper.tables import PLAN_CLAIMS, PLAN_ITEMS


async def see_planned(
    session: AsyncSession, run_id: UUID, known: Known, source_ids: Collection[str], claims: Collection[Claim] = ()
) -> None:
    """Note which of these ids were shown before, and who would have which of these unique values by now."""
    for portion in portions(source_ids):
        theirs = (PLAN_ITEMS.c.run_id == run_id, PLAN_ITEMS.c.source_id.in_(portion))
        known.planned |= set(await session.scalars(select(PLAN_ITEMS.c.source_id).where(*theirs)))
    table = PLAN_CLAIMS.c
    for portion in portions({value for _, value in claims}):
        rows = await session.execute(select(PLAN_CLAIMS).where(table.run_id == run_id, table.value.in_(portion)))
        for row in rows:
            if (row.field, row.value) not in claims:
                continue
            if row.field.startswith(OF_KEYS):
                known.finders[row.field, row.value] = set() if row.record_id is None else {row.record_id}
                if row.record_id is not None:
                    known.linked[row.record_id] = row.source_id
            elif row.record_id is None:
                known.holders.pop((row.field, row.value), None)
            else:
                known.holders[row.field, row.value] = row.record_id
                known.linked[row.record_id] = row.source_id
