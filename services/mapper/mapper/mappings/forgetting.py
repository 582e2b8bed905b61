"""Forgetting an integration that was deleted: how it mapped, and the raw records that its plans hold."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.authority import forget_source
from mapper.tables import (
    FILTERED,
    FORECASTS,
    HELD_BACK,
    MAPPING_SAMPLES,
    MAPPING_USES,
    MAPPING_VERSIONS,
    MATCH_CONFLICTS,
    OBSERVATIONS,
    PLANS,
    UNMADE,
)

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


async def forget(session: AsyncSession, integration_id: UUID) -> None:
    """Delete the mapping with its samples and whom it held back, and let the plans' records go at the next look for old ones.

    Links and tombstones stay: records say from where they came, and who was deleted is known for ever.
    """
    for table in (MAPPING_VERSIONS, MAPPING_SAMPLES, MAPPING_USES, FILTERED, FORECASTS, HELD_BACK, MATCH_CONFLICTS, OBSERVATIONS, UNMADE):
        await session.execute(delete(table).where(table.c.integration_id == integration_id))
    await forget_source(session, integration_id)
    await session.execute(update(PLANS).where(PLANS.c.integration_id == integration_id).values(planned_at=LONG_AGO))
