"""Routes of the mappings."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from mapper.forecasts.requiring import require_forecast
from mapper.mappings.mappings import current, gaps, save
from mapper.mappings.reviewing import review
from mapper.mappings.versions import as_given, compare, list_versions, restore, version_of
from mapper.scope import InCaller, InParts, InReading, Parts
from shared.api.forecasts import ForecastIn
from shared.api.mappings import MappingDiff, MappingIn, MappingOut, MappingVersionOut, ReadinessOut, RestoreIn, ReviewIn, ReviewOut
from shared.events.sources import ObservedType
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page

Version = Annotated[int, Path(ge=0, lt=2**31)]

router = APIRouter(prefix="/integrations/{integration_id}/mapping", tags=["mappings"])


@router.get("")
async def read(integration_id: UUID, session: InReading) -> MappingOut:
    """Return the newest version."""
    return await current(session, integration_id)


@router.put("")
async def store(integration_id: UUID, given: MappingIn, parts: InParts, caller: InCaller, *, complete: bool = False) -> MappingOut:
    """Store a new version, for runs that begin from now on.

    `complete`: the integration was launched. Refuse a version that it could not be launched with, and one of which nobody has seen what it
    would change.
    """
    if complete:
        given = await _looked_at(parts, integration_id, given, caller.actor)
    async with parts.units.begin(actor=caller.actor) as unit:
        return await save(unit.session, integration_id, given, author=caller.actor, complete=complete)


async def _looked_at(parts: Parts, integration_id: UUID, given: MappingIn, actor: str) -> MappingIn:
    """Return a mapping that may be stored on the version for which it was looked at, and on no other."""
    async with parts.database.reading() as session:
        version = (await current(session, integration_id)).version
    await require_forecast(parts, integration_id, ForecastIn(mapping=given), given.forecast, actor=actor)
    return given if given.based_on is not None else given.model_copy(update={"based_on": version})


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
async def bring_back(
    integration_id: UUID, version: Version, given: RestoreIn, parts: InParts, caller: InCaller, *, complete: bool = False
) -> MappingOut:
    """Store an older version again, as the newest; of a launched integration only after somebody has seen what it would change."""
    if complete:
        async with parts.database.reading() as session:
            again = await as_given(session, integration_id, version, given)
        given = given.model_copy(update={"based_on": (await _looked_at(parts, integration_id, again, caller.actor)).based_on})
    async with parts.units.begin(actor=caller.actor) as unit:
        return await restore(unit.session, integration_id, version, given, author=caller.actor, complete=complete)


@router.post("/review")
async def reviewed(integration_id: UUID, given: ReviewIn, session: InReading) -> ReviewOut:
    """Return what records of a source hold, place by place; nothing is stored."""
    return review(given, await current(session, integration_id))
