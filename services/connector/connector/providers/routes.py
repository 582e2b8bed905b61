"""Routes of the providers."""

from fastapi import APIRouter

from connector.scope import InParts
from shared.api.sources import ProviderOut
from shared.http.paging import Page

router = APIRouter(prefix="/providers", tags=["providers"])


@router.get("")
async def list_providers(parts: InParts) -> Page[ProviderOut]:
    """Return every kind of source."""
    return Page(items=[source.manifest for source in parts.providers])


@router.get("/{key}")
async def read_provider(key: str, parts: InParts) -> ProviderOut:
    """Return one kind of source."""
    return parts.providers.get(key).manifest
