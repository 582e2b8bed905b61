"""Finding a kind of source by what people call it."""

from collections.abc import Iterable

from connector.names import name_key
from connector.sources.base import Source
from shared.api.sources import ProviderOut


def found(manifests: Iterable[ProviderOut], search: str | None) -> list[ProviderOut]:
    """Return the manifests in which every word of `search` is found, whatever its case and width; by name."""
    words = name_key(search or "").split()
    return sorted((one for one in manifests if _has(one, words)), key=lambda one: name_key(one.name))


def shown(source: Source) -> ProviderOut:
    """Return a source's manifest with what can be done there."""
    return source.manifest.model_copy(update={"operations": [source.operations[key].info for key in sorted(source.operations)]})


def _has(manifest: ProviderOut, words: list[str]) -> bool:
    said = (manifest.key, manifest.name, manifest.application, manifest.description, *(preset.name for preset in manifest.presets))
    text = name_key(" ".join(said))
    return all(word in text for word in words)
