"""The HTTP clients that sources are reached with, whoever reads them: the connector, or an agent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from connector.sources.base import Files, Permits, Surroundings
from connector.sources.settings import SourceSettings
from shared.http.outward import outward_client

CONNECTIONS = 32
"""At most this many connections to sources at once."""


@asynccontextmanager
async def surroundings(settings: SourceSettings, rates: Permits, files: Files | None = None) -> AsyncIterator[Surroundings]:
    """Give what providers are made with; its connections are closed at the end of the block."""
    outward = outward_client(private=settings.private_networks, timeout=settings.timeout, connections=CONNECTIONS)
    async with source_http(settings) as http, outward:
        yield Surroundings(settings, http, rates, outward, files)


def source_http(settings: SourceSettings) -> httpx.AsyncClient:
    """Return the client that speaks to sources: it follows no redirect."""
    return httpx.AsyncClient(
        follow_redirects=False,
        timeout=settings.timeout,
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        headers={"User-Agent": "rollcall", "Accept": "application/json"},
    )
