"""What a request owns: its caller, its transaction, and the parts of the service that it may use."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

import httpx
from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from connector.clients.mapper import MapperClient
from connector.clients.workflow_engine import WorkflowEngineClient
from connector.providers.providers import Providers
from connector.rates.budget import Rates
from connector.secrets.vault import Vault
from connector.settings import ConnectorSettings
from shared.db.engine import Database
from shared.http.service_tokens import Caller, ServiceTokens, caller_of
from shared.unit import Unit, Units


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service is made of."""

    settings: ConnectorSettings
    database: Database
    units: Units
    tokens: ServiceTokens
    vault: Vault
    providers: Providers
    rates: Rates
    outward: httpx.AsyncClient
    mapper: MapperClient
    workflow_engine: WorkflowEngineClient
    largest_file: int
    """Bytes that an uploaded file may have."""
    files_at_once: asyncio.Semaphore
    """Held while an uploaded file is read."""


def parts_of(request: Request) -> Parts:
    """Return the parts of the app that answers."""
    parts: Parts = request.app.state.parts
    return parts


InParts = Annotated[Parts, Depends(parts_of)]


async def calling(request: Request, parts: InParts) -> Caller:
    """Let only services in; return who asks, and for whom."""
    return await caller_of(parts.tokens)(request)


InCaller = Annotated[Caller, Depends(calling)]


async def one_unit(parts: InParts, caller: InCaller) -> AsyncIterator[Unit]:
    """One request, one transaction, in the caller's name."""
    async with parts.units.begin(actor=caller.actor) as unit:
        yield unit


async def one_reading(parts: InParts, caller: InCaller) -> AsyncIterator[AsyncSession]:
    """Give a session that only reads: it never waits for a writer."""
    del caller
    async with parts.database.reading() as session:
        yield session


# scope="function": the transaction must have ended before the answer leaves, or a failed commit would look like a success.
InRequest = Annotated[Unit, Depends(one_unit, scope="function")]
InReading = Annotated[AsyncSession, Depends(one_reading, scope="function")]
