"""How the API gateway starts and stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from api_gateway.auth.bootstrap import bootstrap
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
from api_gateway.consumers import subscriptions
from api_gateway.http import build_app
from api_gateway.scope import Parts
from api_gateway.settings import GatewaySettings
from api_gateway.tables import INBOX, OUTBOX, SCHEMA
from shared.bus.port import Bus
from shared.config import CommonSettings
from shared.service import at_work, founded

WORKBOOKS = 2
"""Exports to workbooks at a time, in each replica."""


@asynccontextmanager
async def running(
    settings: GatewaySettings,
    common: CommonSettings,
    bus: Bus,
    *,
    connector: httpx.AsyncClient,
    mapper: httpx.AsyncClient,
    workflow_engine: httpx.AsyncClient,
) -> AsyncIterator[FastAPI]:
    """Run the gateway inside the block; give its app. Migrations are not run here.

    `app.state.bootstrap_token` is the first admin's token in plain text if this start made it, else None.
    """
    async with founded(schema=SCHEMA, outbox=OUTBOX, service="api-gateway", settings=settings, common=common, bus=bus) as foundation:
        parts = Parts(
            database=foundation.database,
            units=foundation.units,
            bus=bus,
            connector=ConnectorClient(connector, foundation.tokens),
            mapper=MapperClient(mapper, foundation.tokens),
            workflow_engine=WorkflowEngineClient(workflow_engine, foundation.tokens),
            guard=GuardClient(mapper, foundation.tokens),
            matching=MatchingClient(mapper, foundation.tokens),
            history=HistoryClient(mapper, foundation.tokens),
            authority=AuthorityClient(mapper, foundation.tokens),
            rates=RatesClient(connector, foundation.tokens),
            notices=NoticesClient(connector, foundation.tokens),
            schedules=SchedulesClient(connector, foundation.tokens),
            runs=RunsClient(connector, foundation.tokens),
            plans=PlansClient(mapper, foundation.tokens),
            mappings=MappingsClient(mapper, foundation.tokens),
            operations=OperationsClient(connector, foundation.tokens),
            agents=AgentsClient(connector, foundation.tokens),
            bulk_edits=BulkEditsClient(mapper, foundation.tokens),
            software=SoftwareClient(mapper, foundation.tokens),
            export_records=settings.export_records,
            workbooks=asyncio.Semaphore(WORKBOOKS),
        )
        others = {client.audience: client.check for client in (parts.connector, parts.mapper, parts.workflow_engine)}
        async with at_work(foundation, subscriptions, INBOX, parts=parts):
            app = build_app(parts, {**foundation.checks, **others}, common.metrics_token, common.largest_file)
            made = await bootstrap(parts.units)
            app.state.bootstrap_token = None if made is None else made.get_secret_value()
            yield app
