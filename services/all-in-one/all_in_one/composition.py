"""The four services, together in one process or one alone: only the bus and the way of calling each other differ."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from typing_extensions import override

import api_gateway.service
import connector.service
import mapper.service
import workflow_engine.service
from all_in_one.configuration import Configuration
from all_in_one.services import SERVICES
from shared.bus.in_process import InProcessBus
from shared.bus.port import Bus
from shared.bus.rabbit import connected
from shared.bus.spool import Spool
from shared.db.migrate import at_head, upgrade
from shared.errors import AppError

TIMEOUT = httpx.Timeout(30, connect=5)
LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=20)


class BusNeeded(AppError):
    """A service was to be started alone without a broker that the others could hear."""

    code = "bus_needed"


class NotMigrated(AppError):
    """A database lacks migrations that this version needs."""

    code = "not_migrated"


@dataclass(frozen=True, slots=True)
class Composed:
    """All services, running in this process."""

    connector: FastAPI
    mapper: FastAPI
    workflow_engine: FastAPI
    api_gateway: FastAPI


@dataclass(slots=True)
class Later(httpx.AsyncBaseTransport):
    """Calls an app in this process, once it is there."""

    app: FastAPI | None = None

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.app is None:
            raise httpx.ConnectError("the service has not started yet", request=request)
        return await httpx.ASGITransport(self.app, raise_app_exceptions=False).handle_async_request(request)


async def migrate(configuration: Configuration, names: list[str] | None = None, revision: str = "head") -> None:
    """Bring the databases of the named services (all, if None) up to `revision`."""
    for name in names or list(SERVICES):
        await upgrade(configuration.service(name).database_url, SERVICES[name].schema, revision)


@asynccontextmanager
async def bus_for(configuration: Configuration) -> AsyncIterator[Bus]:
    """Give the broker's bus when one is configured, else the in-process one."""
    common = configuration.common
    if common.bus_url is None:
        yield InProcessBus(Spool(configuration.data.dead_letters))
        return
    async with connected(common.bus_url, common.bus_name) as bus:
        yield bus


@asynccontextmanager
async def composed(configuration: Configuration) -> AsyncIterator[Composed]:
    """Run all four services in this process inside the block; their databases must be migrated."""
    common = configuration.common
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(bus_for(configuration))

        async def calling(app: FastAPI, name: str) -> httpx.AsyncClient:
            return await later(Later(app), name)

        async def later(transport: Later, name: str) -> httpx.AsyncClient:
            return await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=f"http://{name}", timeout=TIMEOUT))

        # The connector and the mapper ask the workflow engine, and it asks them: they start before it is there.
        engine = Later()
        mapper_app = await stack.enter_async_context(
            mapper.service.running(configuration.service("mapper"), common, bus, workflow_engine=await later(engine, "workflow-engine"))
        )
        to_mapper = await calling(mapper_app, "mapper")
        connector_app = await stack.enter_async_context(
            connector.service.running(
                configuration.service("connector"), common, bus, mapper=to_mapper, workflow_engine=await later(engine, "workflow-engine")
            )
        )
        to_connector = await calling(connector_app, "connector")
        engine_app = await stack.enter_async_context(
            workflow_engine.service.running(configuration.service("workflow-engine"), common, bus, connector=to_connector, mapper=to_mapper)
        )
        engine.app = engine_app
        to_engine = await calling(engine_app, "workflow-engine")
        gateway_app = await stack.enter_async_context(
            api_gateway.service.running(
                configuration.service("api-gateway"), common, bus, connector=to_connector, mapper=to_mapper, workflow_engine=to_engine
            )
        )
        yield Composed(connector_app, mapper_app, engine_app, gateway_app)


@asynccontextmanager
async def alone(name: str, configuration: Configuration) -> AsyncIterator[FastAPI]:
    """Run one service inside the block, speaking to the others over the broker and HTTP. Raises `BusNeeded`, `NotMigrated`."""
    common = configuration.common
    if common.bus_url is None:
        raise BusNeeded(
            f"{name} alone needs a broker to reach the other services",
            remedy="Set ROLLCALL_BUS_URL, or start all services in one process with `rollcall up`.",
        )
    settings = configuration.service(name)
    await _require_migrations(name, settings.database_url)
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(bus_for(configuration))

        async def calling(url: str) -> httpx.AsyncClient:
            return await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=TIMEOUT, limits=LIMITS))

        match name:
            case "connector":
                app = connector.service.running(
                    settings,
                    common,
                    bus,
                    mapper=await calling(common.mapper_url),
                    workflow_engine=await calling(common.workflow_engine_url),
                )
            case "mapper":
                app = mapper.service.running(settings, common, bus, workflow_engine=await calling(common.workflow_engine_url))
            case "workflow-engine":
                app = workflow_engine.service.running(
                    settings, common, bus, connector=await calling(common.connector_url), mapper=await calling(common.mapper_url)
                )
            case _:
                app = api_gateway.service.running(
                    settings,
                    common,
                    bus,
                    connector=await calling(common.connector_url),
                    mapper=await calling(common.mapper_url),
                    workflow_engine=await calling(common.workflow_engine_url),
                )
        yield await stack.enter_async_context(app)


async def _require_migrations(name: str, url: SecretStr) -> None:
    if not await at_head(url, SERVICES[name].schema):
        raise NotMigrated(f"the database of {name} is not at this version's migrations", remedy="Run `rollcall migrate` first.")
