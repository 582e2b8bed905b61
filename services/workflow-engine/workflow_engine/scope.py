"""What a request owns: its caller, its transaction, and the parts of the service that it may use."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.engine import Database
from shared.http.service_tokens import Caller, ServiceTokens, caller_of
from shared.unit import Unit, Units
from workflow_engine.clients.connector import ConnectorClient
from workflow_engine.clients.mapper import MapperClient
from workflow_engine.runs.runner import Runner
from workflow_engine.settings import WorkflowEngineSettings


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service is made of."""

    settings: WorkflowEngineSettings
    database: Database
    units: Units
    tokens: ServiceTokens
    connector: ConnectorClient
    mapper: MapperClient
    runner: Runner
    zone: ZoneInfo
    """Whose days count in rules."""


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
