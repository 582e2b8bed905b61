"""Reads what other integrations map: one statement, however many there are."""

from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.smart_mapping.earlier import Earlier, counted
from mapper.tables import MAPPING_VERSIONS
from shared.api.mapped_from import MappedFrom
from shared.events.records import RecordType

MOST_MAPPINGS = 200
TARGETS: TypeAdapter[dict[str, MappedFrom]] = TypeAdapter(dict[str, MappedFrom])


async def earlier_mappings(session: AsyncSession, but: UUID, object_type: RecordType) -> Earlier:
    """Return the current mappings to records of one type, of all integrations but one, the newest 200."""
    newest = (
        select(MAPPING_VERSIONS.c.integration_id, func.max(MAPPING_VERSIONS.c.version).label("version"))
        .where(MAPPING_VERSIONS.c.integration_id != but, MAPPING_VERSIONS.c.object_type == object_type)
        .group_by(MAPPING_VERSIONS.c.integration_id)
        .subquery()
    )
    same = (MAPPING_VERSIONS.c.integration_id == newest.c.integration_id) & (MAPPING_VERSIONS.c.version == newest.c.version)
    current = select(MAPPING_VERSIONS.c.targets).join(newest, same).order_by(MAPPING_VERSIONS.c.created_at.desc()).limit(MOST_MAPPINGS)
    return counted([TARGETS.validate_python(targets) for targets in await session.scalars(current)])
