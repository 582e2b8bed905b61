"""The providers that this connector knows, by key."""

from collections.abc import Iterable, Iterator
from uuid import UUID

import httpx

from connector.settings import ConnectorSettings
from connector.sources.base import Operation, Source
from connector.sources.sophos.api import SophosCentral
from connector.sources.sophos.source import SophosUsers
from shared.errors import NotFound


class ProviderNotFound(NotFound):
    """No provider has this key."""

    code = "provider_not_found"


class OperationNotFound(NotFound):
    """The provider has no such operation."""

    code = "operation_not_found"


class Providers:
    """The sources by their provider's key."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = {source.manifest.key: source for source in sources}

    def __iter__(self) -> Iterator[Source]:
        return iter(self._sources.values())

    def get(self, key: str) -> Source:
        """Return a source. Raises `ProviderNotFound`, naming those there are."""
        source = self._sources.get(key)
        if source is None:
            raise ProviderNotFound(f"there is no provider {key!r}", remedy=f"Use one of: {', '.join(sorted(self._sources))}.")
        return source

    def operation(self, provider: str, key: str) -> Operation:
        """Return an operation. Raises `ProviderNotFound`, `OperationNotFound`."""
        operations = self.get(provider).operations
        if key not in operations:
            raise OperationNotFound(f"{provider} has no operation {key!r}", remedy=f"Use one of: {', '.join(sorted(operations))}.")
        return operations[key]

    def forget(self, credential_id: UUID) -> None:
        """Drop what is held in memory about a credential."""
        for source in self:
            source.forget(credential_id)


def known_providers(settings: ConnectorSettings, http: httpx.AsyncClient) -> Providers:
    """Return every provider, as configured."""
    return Providers([SophosUsers(SophosCentral.configured(settings, http))])
