"""The workflow engine as a service: started with its settings, stopped in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from shared.bus.port import Bus
from shared.config import CommonSettings
from shared.service import at_work, founded
from workflow_engine.clients.connector import ConnectorClient
from workflow_engine.clients.mapper import MapperClient
from workflow_engine.consumers import subscriptions
from workflow_engine.http import build_app
from workflow_engine.runs.runner import Runner
from workflow_engine.scope import Parts
from workflow_engine.settings import WorkflowEngineSettings
from workflow_engine.tables import INBOX, OUTBOX, SCHEMA


@asynccontextmanager
async def running(
    settings: WorkflowEngineSettings, common: CommonSettings, bus: Bus, connector: httpx.AsyncClient, mapper: httpx.AsyncClient
) -> AsyncIterator[FastAPI]:
    """Consume, relay and work inside the block, and give the internal API. The database must be migrated."""
    async with founded(schema=SCHEMA, outbox=OUTBOX, service="workflow-engine", settings=settings, common=common, bus=bus) as foundation:
        to_connector, to_mapper = ConnectorClient(connector, foundation.tokens), MapperClient(mapper, foundation.tokens)
        runner = Runner(foundation.database, foundation.units, to_connector, to_mapper, settings, zone=common.zone)
        parts = Parts(
            settings=settings,
            database=foundation.database,
            units=foundation.units,
            tokens=foundation.tokens,
            connector=to_connector,
            mapper=to_mapper,
            runner=runner,
            zone=common.zone,
        )
        checks = {**foundation.checks, "connector": to_connector.check, "mapper": to_mapper.check}
        async with at_work(foundation, subscriptions, INBOX, parts=parts), runner.running():
            yield build_app(parts, checks, common.metrics_token)
