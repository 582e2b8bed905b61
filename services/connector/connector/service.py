"""How the connector starts and stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
from fastapi import FastAPI

from connector.clients.mapper import MapperClient
from connector.clients.workflow_engine import WorkflowEngineClient
from connector.consumers import subscriptions
from connector.credentials.expiry import watched
from connector.files.files import StoredFiles
from connector.http import build_app
from connector.notices.delivering import telling
from connector.providers.providers import installed_providers
from connector.rates.budget import Rates
from connector.rates.policy import POLICIES
from connector.rates.waiting import REAL_TIME, Timing
from connector.runs.worker import Worker
from connector.schedules.ticker import Ticker
from connector.scope import Parts
from connector.secrets.keys import read_vault
from connector.settings import ConnectorSettings
from connector.sources.clients import surroundings
from connector.tables import INBOX, OUTBOX, SCHEMA
from shared.bus.port import Bus
from shared.config import CommonSettings
from shared.service import at_work, founded


@asynccontextmanager
async def running(
    settings: ConnectorSettings,
    common: CommonSettings,
    bus: Bus,
    mapper: httpx.AsyncClient,
    workflow_engine: httpx.AsyncClient,
    *,
    timing: Timing = REAL_TIME,
) -> AsyncIterator[FastAPI]:
    """Run the connector inside the block: its consumers, its relay, its worker; give its app. Migrations are not run here.

    At the end the worker lets go of its runs first, then consumption stops, then the last events leave. `timing`: by which time the
    limits of sources are kept.
    """
    async with AsyncExitStack() as stack:
        foundation = await stack.enter_async_context(
            founded(schema=SCHEMA, outbox=OUTBOX, service="connector", settings=settings, common=common, bus=bus)
        )
        rates = Rates(foundation.units, POLICIES[settings.rate_policy], timing)
        around = await stack.enter_async_context(surroundings(settings, rates, StoredFiles(foundation.database)))
        parts = Parts(
            settings=settings,
            database=foundation.database,
            units=foundation.units,
            tokens=foundation.tokens,
            vault=await read_vault(settings),
            providers=installed_providers(around),
            rates=rates,
            outward=around.outward,
            mapper=MapperClient(mapper, foundation.tokens),
            workflow_engine=WorkflowEngineClient(workflow_engine, foundation.tokens),
            largest_file=common.largest_file,
            files_at_once=asyncio.Semaphore(settings.files_at_once),
        )
        checks = {**foundation.checks, "mapper": parts.mapper.check}
        await stack.enter_async_context(at_work(foundation, subscriptions, INBOX, parts=parts))
        await stack.enter_async_context(watched(parts.units))
        await stack.enter_async_context(telling(parts))
        await stack.enter_async_context(Worker(parts).running())
        await stack.enter_async_context(Ticker(parts.units, settings.schedule_poll).running())
        yield build_app(parts, checks, common.metrics_token)
