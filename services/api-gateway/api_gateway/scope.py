"""What a request owns: the account that asks, and the parts of the gateway that it may use."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from api_gateway.auth.authentication import Account
from api_gateway.clients.agents import AgentsClient
from api_gateway.clients.authority import AuthorityClient
from api_gateway.clients.bulk_edits import BulkEditsClient
from api_gateway.clients.connector import ConnectorClient
from api_gateway.clients.guard import GuardClient
from api_gateway.clients.history import HistoryClient
from api_gateway.clients.mapper import MapperClient
from api_gateway.clients.mappings import MappingsClient
from api_gateway.clients.matching import MatchingClient
from api_gateway.clients.notices import NoticesClient
from api_gateway.clients.operations import OperationsClient
from api_gateway.clients.plans import PlansClient
from api_gateway.clients.rates import RatesClient
from api_gateway.clients.runs import RunsClient
from api_gateway.clients.schedules import SchedulesClient
from api_gateway.clients.software import SoftwareClient
from api_gateway.clients.workflow_engine import WorkflowEngineClient
from shared.bus.port import Bus
from shared.db.engine import Database
from shared.unit import Unit, Units


@dataclass(frozen=True, slots=True)
class Parts:
    """What the gateway is made of."""

    database: Database
    units: Units
    bus: Bus
    connector: ConnectorClient
    mapper: MapperClient
    workflow_engine: WorkflowEngineClient
    guard: GuardClient
    matching: MatchingClient
    history: HistoryClient
    authority: AuthorityClient
    rates: RatesClient
    runs: RunsClient
    plans: PlansClient
    mappings: MappingsClient
    notices: NoticesClient
    schedules: SchedulesClient
    operations: OperationsClient
    agents: AgentsClient
    bulk_edits: BulkEditsClient
    software: SoftwareClient
    export_records: int
    """Records that one export may hold."""
    workbooks: asyncio.Semaphore
    """Held while a workbook is written."""


def parts_of(request: Request) -> Parts:
    """Return the parts of the app that answers."""
    parts: Parts = request.app.state.parts
    return parts


InParts = Annotated[Parts, Depends(parts_of)]


def entered(request: Request) -> Account:
    """Return the account that `PublicRoute` let in."""
    account: Account = request.state.account
    return account


InAccount = Annotated[Account, Depends(entered)]


async def one_unit(parts: InParts, account: InAccount) -> AsyncIterator[Unit]:
    """One request, one transaction, in the account's name."""
    async with parts.units.begin(actor=account.name) as unit:
        yield unit


async def one_reading(parts: InParts) -> AsyncIterator[AsyncSession]:
    """Give a session that only reads: it never waits for a writer."""
    async with parts.database.reading() as session:
        yield session


# scope="function": the transaction must have ended before the answer leaves, or a failed commit would look like a success.
InRequest = Annotated[Unit, Depends(one_unit, scope="function")]
InReading = Annotated[AsyncSession, Depends(one_reading, scope="function")]
