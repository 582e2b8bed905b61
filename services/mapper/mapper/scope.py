"""What a request owns: its caller, its transaction, and the parts of the service that it may use."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.clients.workflow_engine import WorkflowEngineClient
from mapper.guard.limits import Limits
from mapper.mappings.compiled import CompiledMappings
from shared.clock import now
from shared.db.engine import Database
from shared.http.service_tokens import Caller, ServiceTokens, caller_of
from shared.rules import At
from shared.unit import Unit, Units


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service is made of."""

    database: Database
    units: Units
    tokens: ServiceTokens
    limits: Limits
    zone: ZoneInfo
    """Whose days count in rules."""
    most_at_once: int
    """Records that one bulk edit may change."""
    workflow_engine: WorkflowEngineClient
    compiled: CompiledMappings = field(default_factory=CompiledMappings)
    undo_asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is an undo to work at."""
    forecast_asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is a forecast to work at."""

    def at(self) -> At:
        """Return this moment, as rules need it."""
        return At(now(), self.zone)


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
