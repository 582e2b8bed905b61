"""What the gateway asks the mapper about versions of mappings, their pinned samples, and what a source answers."""

from uuid import UUID

from api_gateway.clients.internal import InternalClient
from shared.api.forecasts import ForecastIn, ForecastOut
from shared.api.mappings import MappingDiff, MappingOut, MappingVersionOut, RestoreIn, ReviewIn, ReviewOut
from shared.api.samples import SampleIn, SampleOut
from shared.http.paging import Page


class MappingsClient(InternalClient):
    """How integrations mapped before, and what their mappings must keep making."""

    audience = "mapper"

    async def versions(self, integration_id: UUID, *, cursor: str | None, limit: int, actor: str) -> Page[MappingVersionOut]:
        """Return the versions of a mapping, the newest first."""
        return await self.get(Page[MappingVersionOut], f"{_path(integration_id)}/versions", actor=actor, cursor=cursor, limit=limit)

    async def version(self, integration_id: UUID, version: int, *, actor: str) -> MappingOut:
        """Return one version."""
        return await self.get(MappingOut, f"{_path(integration_id)}/versions/{version}", actor=actor)

    async def diff(self, integration_id: UUID, version: int, against: int | None, *, actor: str) -> MappingDiff:
        """Return what a version changed."""
        return await self.get(MappingDiff, f"{_path(integration_id)}/versions/{version}/diff", actor=actor, against=against)

    async def restore(self, integration_id: UUID, version: int, given: RestoreIn, *, complete: bool, actor: str) -> MappingOut:
        """Store an older version again, as the newest. `complete`: the integration runs, so nothing may be missing in it."""
        path = f"{_path(integration_id)}/versions/{version}/restore"
        return await self.ask(MappingOut, "POST", path, actor=actor, body=given, params={"complete": complete})

    async def forecast(self, integration_id: UUID, given: ForecastIn, *, complete: bool, actor: str) -> ForecastOut:
        """Say what a configuration would do."""
        sent = given.model_dump(mode="json", exclude_unset=True)
        return await self.ask(
            ForecastOut, "POST", f"{_path(integration_id)}/forecasts", actor=actor, body=sent, params={"complete": complete}
        )

    async def forecast_of(self, integration_id: UUID, forecast_id: UUID, *, actor: str) -> ForecastOut:
        """Return a forecast, as far as it has come."""
        return await self.get(ForecastOut, f"{_path(integration_id)}/forecasts/{forecast_id}", actor=actor)

    async def review(self, integration_id: UUID, given: ReviewIn, *, actor: str) -> ReviewOut:
        """Return what records of a source hold, place by place."""
        return await self.ask(ReviewOut, "POST", f"{_path(integration_id)}/review", actor=actor, body=given)

    async def samples(self, integration_id: UUID, *, actor: str) -> Page[SampleOut]:
        """Return the pinned samples."""
        return await self.get(Page[SampleOut], f"{_path(integration_id)}/samples", actor=actor)

    async def pin_sample(self, integration_id: UUID, given: SampleIn, *, actor: str) -> SampleOut:
        """Pin a record."""
        return await self.ask(SampleOut, "POST", f"{_path(integration_id)}/samples", actor=actor, body=given)

    async def change_sample(self, integration_id: UUID, sample_id: UUID, given: SampleIn, *, actor: str) -> SampleOut:
        """Replace a pinned sample."""
        return await self.ask(SampleOut, "PUT", f"{_path(integration_id)}/samples/{sample_id}", actor=actor, body=given)

    async def remove_sample(self, integration_id: UUID, sample_id: UUID, *, actor: str) -> None:
        """Let a pinned sample go."""
        await self.call("DELETE", f"{_path(integration_id)}/samples/{sample_id}", actor=actor)


def _path(integration_id: UUID) -> str:
    return f"/internal/integrations/{integration_id}/mapping"
