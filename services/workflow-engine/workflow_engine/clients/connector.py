"""What the workflow engine asks the connector: which presets there are, and operations at a source."""

from pydantic import Field

from shared.api.base import Out
from shared.api.sources import OperationIn, OperationOut, ProviderOut
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

    async def providers(self, *, actor: str) -> list[ProviderOut]:
        """Return the providers of users: workflows act on nothing else yet."""
        page = await self.get(Page[ProviderOut], "/internal/providers", actor=actor)
        return [provider for provider in page.items if provider.object_type == "user"]

    async def presets(self, *, actor: str) -> dict[str, OfferedPreset]:
        """Return every preset there is, by key."""
        return {
            preset.key: OfferedPreset.model_validate({**preset.model_dump(), "provider": provider.key})
            for provider in await self.providers(actor=actor)
            for preset in provider.presets
        }

    async def operate(self, preset: OfferedPreset, given: OperationIn, *, actor: str, seconds: float) -> OperationOut:
        """Ask for one operation. Raises `Upstream` when it is not known what came of it, another `AppError` when it was refused."""
        path = f"/internal/operations/{preset.provider}/{preset.operation}"
        return OperationOut.model_validate(await self.call("POST", path, actor=actor, body=given, timeout=seconds))
