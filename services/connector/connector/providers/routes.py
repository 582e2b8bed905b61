"""Routes of the providers."""

from typing import Annotated

from fastapi import APIRouter, Query

from connector.providers.catalogue import found, shown
from connector.scope import InParts
from shared.api.sources import ProviderOut
from shared.http.paging import Page

router = APIRouter(prefix="/providers", tags=["providers"])

Search = Annotated[str | None, Query(max_length=200)]


@router.get("")
async def list_providers(parts: InParts, search: Search = None) -> Page[ProviderOut]:
    """Return the kinds of source, by name; with `search`, those in which every word of it is found."""
    return Page(items=found(map(shown, parts.providers), search))


@router.get("/{key}")
async def read_provider(key: str, parts: InParts) -> ProviderOut:
    """Return one kind of source."""
    return shown(parts.providers.get(key))
