"""The providers that this connector knows, by key."""

from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from uuid import UUID

from connector.sources.base import MakesSources, Operation, Source, Surroundings
from shared.api.sources import ProviderOut
from shared.errors import AppError, NotFound

GROUP = "rollcall.providers"
"""The entry points in which packages name what makes their sources."""


class ProviderNotFound(NotFound):
    """No provider has this key."""

    code = "provider_not_found"


class OperationNotFound(NotFound):
    """The provider has no such operation."""

    code = "operation_not_found"


class ProviderUnusable(AppError):
    """An installed package offers a provider that cannot be used."""

    code, retryable = "provider_unusable", False


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

    def accepted_by(self, manifest: ProviderOut) -> frozenset[str]:
        """Return the providers whose credentials a provider takes: its own, and those of others that sign in to the same application.

        A credential whose place is typed in goes nowhere else, and nothing else goes there.
        """
        own = frozenset({manifest.key})
        if manifest.credential_application is None or manifest.typed_addresses:
            return own
        others = (source.manifest for source in self)
        same = (one for one in others if one.credential_application == manifest.credential_application and not one.typed_addresses)
        return own.union(one.key for one in same)

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


def installed_providers(surroundings: Surroundings) -> Providers:
    """Return every provider that an installed package offers. Raises `ProviderUnusable`: half a catalogue would hide what is missing."""
    sources: dict[str, Source] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        for source in _made(entry, surroundings):
            if source.manifest.key in sources:
                raise _unusable(entry, f"offers {source.manifest.key!r}, which another package offers already")
            sources[source.manifest.key] = source
    return Providers(sources.values())


def _made(entry: EntryPoint, surroundings: Surroundings) -> list[Source]:
    try:
        make: MakesSources = entry.load()
        return list(make(surroundings))
    except Exception as error:
        # Whatever somebody else's package does wrong at its start, whoever runs the service must be told which one it was.
        raise _unusable(entry, f"does not start ({type(error).__name__}: {error})") from error


def _unusable(entry: EntryPoint, what: str) -> ProviderUnusable:
    package = entry.dist.name if entry.dist is not None else "an unnamed package"
    return ProviderUnusable(f"the provider {entry.name!r} of {package} {what}", remedy=f"Mend or uninstall {package}.")
