"""What the workflow engine asks the connector: which presets there are, and operations at a source."""

from pydantic import Field

from shared.api.base import Out
from shared.api.sources import OperationIn, OperationOut, Preset, ProviderOut
from shared.http.client import ServiceClient
from shared.http.paging import Page


class OfferedPreset(Out):
    """A preset, and the provider whose operation it is. Kept with a version, so that it means the same for ever."""

    provider: str
    key: str
    name: str
    block: str
    operation: str
    destructive: bool
    inputs: list[str] = Field(default_factory=list)


class ConnectorClient(ServiceClient):
    """Providers and operations."""

    audience = "connector"

    async def usable(self, *, actor: str) -> list[tuple[ProviderOut, Preset]]:
        """Return the presets that workflows can use, each with its provider."""
        page = await self.get(Page[ProviderOut], "/internal/providers", actor=actor)
        return [(provider, preset) for provider in page.items for preset in provider.presets if preset.in_workflows]

    async def presets(self, *, actor: str) -> dict[str, OfferedPreset]:
        """Return them by key, as versions keep them."""
        return {
            preset.key: OfferedPreset.model_validate({**preset.model_dump(), "provider": provider.key})
            for provider, preset in await self.usable(actor=actor)
        }

    async def operate(self, preset: OfferedPreset, given: OperationIn, *, actor: str, seconds: float) -> OperationOut:
        """Ask for one operation. Raises `Upstream` when it is not known what came of it, another `AppError` when it was refused."""
        path = f"/internal/operations/{preset.provider}/{preset.operation}"
        return OperationOut.model_validate(await self.call("POST", path, actor=actor, body=given, timeout=seconds))
