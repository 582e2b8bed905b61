"""Routes of the mappings."""

from uuid import UUID

from fastapi import APIRouter

from mapper.mappings.mappings import current, gaps, save
from mapper.scope import InReading, InRequest
from shared.api.records import MappingIn, MappingOut, ReadinessOut

router = APIRouter(prefix="/integrations/{integration_id}/mapping", tags=["mappings"])


@router.get("")
async def read(integration_id: UUID, session: InReading) -> MappingOut:
    """Return the newest version."""
    return await current(session, integration_id)


@router.put("")
async def store(integration_id: UUID, given: MappingIn, unit: InRequest) -> MappingOut:
    """Store a new version; it takes effect with the next page."""
    return await save(unit.session, integration_id, given, author=unit.actor)


@router.get("/readiness")
async def readiness(integration_id: UUID, session: InReading) -> ReadinessOut:
    """Return what the mapping lacks before its integration can be launched."""
    return ReadinessOut(missing=await gaps(session, integration_id))
