"""Routes of the mappings."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from mapper.mappings.mappings import current, gaps, save
from mapper.mappings.reviewing import review
from mapper.mappings.versions import compare, list_versions, restore, version_of
from mapper.scope import InReading, InRequest
from shared.api.mappings import MappingDiff, MappingVersionOut, RestoreIn, ReviewIn, ReviewOut
from shared.api.records import MappingIn, MappingOut, ReadinessOut
from shared.events.sources import ObservedType
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page

Version = Annotated[int, Path(ge=0, lt=2**31)]

router = APIRouter(prefix="/integrations/{integration_id}/mapping", tags=["mappings"])


@router.get("")
async def read(integration_id: UUID, session: InReading) -> MappingOut:
    """Return the newest version."""
    return await current(session, integration_id)


@router.put("")
async def store(integration_id: UUID, given: MappingIn, unit: InRequest, *, complete: bool = False) -> MappingOut:
    """Store a new version, for runs that begin from now on. `complete`: refuse one that an integration could not be launched with."""
    return await save(unit.session, integration_id, given, author=unit.actor, complete=complete)


@router.get("/readiness")
async def readiness(integration_id: UUID, session: InReading, describes: ObservedType = "user") -> ReadinessOut:
    """Return what the mapping lacks before its integration can be launched."""
    return ReadinessOut(missing=await gaps(session, integration_id, describes))


@router.get("/versions")
async def versions(
    integration_id: UUID,
    session: InReading,
    *,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE_SIZE,
) -> Page[MappingVersionOut]:
    """Return the versions, the newest first."""
    return await list_versions(session, integration_id, cursor=cursor, limit=limit)


@router.get("/versions/{version}")
async def one_version(integration_id: UUID, version: Version, session: InReading) -> MappingOut:
    """Return one version."""
    return await version_of(session, integration_id, version)


@router.get("/versions/{version}/diff")
async def differences(
    integration_id: UUID, version: Version, session: InReading, against: Annotated[int | None, Query(ge=0, lt=2**31)] = None
) -> MappingDiff:
    """Return what a version changed."""
    return await compare(session, integration_id, version, against)


@router.post("/versions/{version}/restore")
async def bring_back(integration_id: UUID, version: Version, given: RestoreIn, unit: InRequest, *, complete: bool = False) -> MappingOut:
    """Store an older version again, as the newest."""
    return await restore(unit.session, integration_id, version, given, author=unit.actor, complete=complete)


@router.post("/review")
async def reviewed(integration_id: UUID, given: ReviewIn, session: InReading) -> ReviewOut:
    """Return what records of a source hold, place by place; nothing is stored."""
    return review(given, await current(session, integration_id))
