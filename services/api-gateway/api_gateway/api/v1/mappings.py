"""Versions of mappings, pinned samples, and the review of what a source answers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from api_gateway.api.v1.routing import Cursor, Limit, subject
from api_gateway.scope import InAccount, InParts
from shared.api.forecasts import ForecastIn, ForecastOut
from shared.api.mappings import MappingDiff, MappingOut, MappingVersionOut, RestoreIn, ReviewIn, ReviewOut
from shared.api.samples import SampleIn, SampleOut
from shared.http.paging import PAGE_SIZE, Page

mappings: APIRouter = subject("/integrations/{integration_id}/mapping", "mappings")

Version = Annotated[int, Path(ge=0, lt=2**31)]
Against = Annotated[int | None, Query(ge=0, lt=2**31, description="The version to compare with; the one before, unless it is named.")]


@mappings.get("/versions")
async def list_versions(
    integration_id: UUID, parts: InParts, account: InAccount, *, cursor: Cursor = None, limit: Limit = PAGE_SIZE
) -> Page[MappingVersionOut]:
    """Return the versions of a mapping, the newest first: who stored each, when and why."""
    return await parts.mappings.versions(integration_id, cursor=cursor, limit=limit, actor=account.name)


@mappings.get("/versions/{version}")
async def read_version(integration_id: UUID, version: Version, parts: InParts, account: InAccount) -> MappingOut:
    """Return one version of a mapping; 0 is the empty one."""
    return await parts.mappings.version(integration_id, version, actor=account.name)


@mappings.get("/versions/{version}/diff")
async def diff_versions(
    integration_id: UUID, version: Version, parts: InParts, account: InAccount, *, against: Against = None
) -> MappingDiff:
    """Return what a version of a mapping changed."""
    return await parts.mappings.diff(integration_id, version, against, actor=account.name)


@mappings.post("/versions/{version}/restore")
async def restore_version(integration_id: UUID, version: Version, given: RestoreIn, parts: InParts, account: InAccount) -> MappingOut:
    """Store an older version again, as the newest: runs that begin from now on have it. Refused when it breaks a pinned sample."""
    complete = (await parts.connector.integration(integration_id, actor=account.name)).state != "draft"
    return await parts.mappings.restore(integration_id, version, given, complete=complete, actor=account.name)


@mappings.post("/forecasts", status_code=201)
async def ask_forecast(integration_id: UUID, given: ForecastIn, parts: InParts, account: InAccount) -> ForecastOut:
    """Say what the next run would do with another mapping, preference or user selection, by what the source showed last.

    Nothing is changed. The numbers are whole when `state` is done; each record is in GET /runs/{forecast id}/plan/items. A launched
    integration is changed only with `forecast`, the id of what was looked at.
    """
    complete = (await parts.connector.integration(integration_id, actor=account.name)).state != "draft"
    return await parts.mappings.forecast(integration_id, given, complete=complete, actor=account.name)


@mappings.get("/forecasts/{forecast_id}")
async def read_forecast(integration_id: UUID, forecast_id: UUID, parts: InParts, account: InAccount) -> ForecastOut:
    """Return a forecast, as far as it has come."""
    return await parts.mappings.forecast_of(integration_id, forecast_id, actor=account.name)


@mappings.post("/review")
async def review_response(integration_id: UUID, parts: InParts, account: InAccount) -> ReviewOut:
    """Ask the source for its first records, and return every place in them with sample values; nothing is stored."""
    integration = await parts.connector.integration(integration_id, actor=account.name)
    provider = await parts.connector.provider(integration.provider, actor=account.name)
    seen = await parts.connector.preview(integration_id, actor=account.name)
    given = ReviewIn(records=[one.record for one in seen.records], source_fields=provider.source_fields)
    reviewed = await parts.mappings.review(integration_id, given, actor=account.name)
    return reviewed.model_copy(update={"notes": seen.notes})


@mappings.get("/samples")
async def list_samples(integration_id: UUID, parts: InParts, account: InAccount) -> Page[SampleOut]:
    """Return the pinned samples, and what the newest version of the mapping makes of each."""
    return await parts.mappings.samples(integration_id, actor=account.name)


@mappings.post("/samples", status_code=201)
async def pin_sample(integration_id: UUID, given: SampleIn, parts: InParts, account: InAccount) -> SampleOut:
    """Keep a real record beside the mapping, with what must be made of it; a rejected one too."""
    await parts.connector.integration(integration_id, actor=account.name)
    return await parts.mappings.pin_sample(integration_id, given, actor=account.name)


@mappings.put("/samples/{sample_id}")
async def change_sample(integration_id: UUID, sample_id: UUID, given: SampleIn, parts: InParts, account: InAccount) -> SampleOut:
    """Replace a pinned sample, or what is expected of it."""
    return await parts.mappings.change_sample(integration_id, sample_id, given, actor=account.name)


@mappings.delete("/samples/{sample_id}", status_code=204)
async def remove_sample(integration_id: UUID, sample_id: UUID, parts: InParts, account: InAccount) -> None:
    """Let a pinned sample go."""
    await parts.mappings.remove_sample(integration_id, sample_id, actor=account.name)
