"""A connector at work against the simulator, between small services that answer by the contracts."""

import asyncio
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
from pydantic import SecretStr

from connector.rates.waiting import REAL_TIME, Timing
from connector.service import running
from connector.settings import ConnectorSettings
from connector.tables import SCHEMA
from shared.api.runs import ENDED
from shared.bus.in_process import InProcessBus
from shared.bus.port import RetryPolicy
from shared.bus.spool import Spool
from shared.config import CommonSettings
from shared.events.cloudevents import encode
from shared.http.service_tokens import ServiceTokens
from sophos_central_simulator.server import Running, serving
from sophos_central_simulator.settings import SimulatorSettings
from sophos_central_simulator.tenants import Tenant
from tests.support.migrated import migrated
from tests.support.small_services import Json, SmallEngine, SmallMapper

SERVICE_KEY = SecretStr("a key that only these tests know, long enough")
ENCRYPTION_KEY = SecretStr(b64encode(bytes(range(32))).decode())
ACTOR = "ann@example.com"


@dataclass
class Api:
    """The connector's internal API, called as the gateway does."""

    http: httpx.AsyncClient
    answers: list[str] = field(default_factory=list)
    """Every body that came back, for what must never be in one."""

    async def ask(self, method: str, path: str, body: Json | None = None, *, expect: int | None = None, **params: Any) -> Any:
        """Return the answer's JSON; its status must be `expect`, or any success."""
        response = await self.http.request(method, f"/internal{path}", json=body, params=params)
        self.answers.append(response.text)
        assert response.is_success if expect is None else response.status_code == expect, (response.status_code, response.text)
        return response.json() if response.content else None

    async def get(self, path: str, **params: Any) -> Any:
        """GET."""
        return await self.ask("GET", path, **params)

    async def post(self, path: str, body: Json | None = None, *, expect: int | None = None) -> Any:
        """POST."""
        return await self.ask("POST", path, body, expect=expect)


@dataclass
class World:
    """The simulator, a tenant in it, a bus with the small mapper on it, and settings for connectors."""

    simulator: Running
    tenant: Tenant
    bus: InProcessBus
    mapper: SmallMapper
    settings: ConnectorSettings
    common: CommonSettings
    directory: Path
    engine: SmallEngine = field(default_factory=SmallEngine)
    timing: Timing = REAL_TIME
    """By which time connectors keep the source's limits."""

    @asynccontextmanager
    async def connector(self, **changes: Any) -> AsyncIterator[Api]:
        """Run a connector inside the block."""
        async with AsyncExitStack() as stack:
            to_mapper = httpx.AsyncClient(transport=self.mapper.transport(), base_url="http://mapper")
            await stack.enter_async_context(to_mapper)
            settings = self.settings.model_copy(update=changes)
            to_engine = httpx.AsyncClient(transport=self.engine.transport(), base_url="http://workflow-engine")
            await stack.enter_async_context(to_engine)
            services = {"mapper": to_mapper, "workflow_engine": to_engine}
            app = await stack.enter_async_context(running(settings, self.common, self.bus, **services, timing=self.timing))
            token = ServiceTokens(SERVICE_KEY, "api-gateway").sign("connector", ACTOR)
            http = httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://connector", headers={"Authorization": f"Bearer {token}"}, timeout=60
            )
            yield Api(await stack.enter_async_context(http))

    def source(self, source_id: str) -> Json:
        """Return a user as Sophos has them."""
        return self.tenant.directory.users[source_id]

    def custom(self) -> list[str]:
        """Return the ids of users who may be deleted."""
        return [key for key, user in self.tenant.directory.users.items() if user["source"]["type"] == "custom" and user.get("email")]

    def synced(self) -> list[str]:
        """Return the ids of users who come from Active Directory."""
        return [key for key, user in self.tenant.directory.users.items() if user["source"]["type"] == "activeDirectory"]


@asynccontextmanager
async def world(database_url: SecretStr, directory: Path, *, users: int = 250, **settings: Any) -> AsyncIterator[World]:
    """Give a world whose connector database is migrated. Pauses between tries are too short to notice."""
    await migrated(database_url, SCHEMA)
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(serving(SimulatorSettings(port=0, control_token=SecretStr(secrets.token_hex(16)))))
        tenant = simulator.app.state.tenants.create(seed=7, users=users, awkward=False, email_domain="example.com", endpoints=20)
        # The small mapper has no outbox: it is patient instead while the connector is away, between two starts.
        bus = InProcessBus(Spool(directory / "dead"), retry=RetryPolicy(first=0.01, longest=0.05, attempts=200))
        mapper = SmallMapper(bus)
        await stack.enter_async_context(bus.consuming([mapper.consumer()]))
        yield World(
            simulator=simulator,
            tenant=tenant,
            bus=bus,
            mapper=mapper,
            settings=connector_settings(database_url, simulator.url, **settings),
            common=CommonSettings(service_key=SERVICE_KEY, data_dir=directory),
            directory=directory,
        )


def connector_settings(database_url: SecretStr, source_url: str = "https://api.central.sophos.com", **changes: Any) -> ConnectorSettings:
    """Return settings that do not keep a test waiting."""
    given: Json = {
        "database_url": database_url,
        "encryption_key": ENCRYPTION_KEY,
        "sophos_id_url": source_url,
        "sophos_global_url": source_url,
        "retry_first_seconds": 0.01,
        "retry_longest_seconds": 0.05,
        "read_back_seconds": 0.3,
        "worker_poll": 0.02,
        "outbox_poll": 0.02,
        # Limits have tests of their own; a simulator on this machine may be asked as fast as it answers.
        "rate_policy": "off" if source_url.startswith("http://127.0.0.1") else "enforced",
    }
    return ConnectorSettings(**{**given, **changes})


async def store_access(api: Api, tenant: Tenant, source_url: str, *, secret: str | None = None) -> str:
    """Store the tenant's credential and the two variables; return the credential's id."""
    given = {"name": "Sophos API", "client_id": tenant.client_id, "client_secret": secret or tenant.client_secret}
    credential = await api.post("/credentials", given)
    await api.post("/variables", {"name": "Sophos.Tenant ID", "value": tenant.id})
    await api.post("/variables", {"name": "Sophos.Data Region", "value": source_url})
    return str(credential["id"])


INPUTS = {"tenant_id": {"variable": "Sophos.Tenant ID"}, "data_region": {"variable": "Sophos.Data Region"}}


async def drafted_completely(api: Api, here: World) -> str:
    """Store everything an integration needs; return its path. It is a draft that only waits to be launched."""
    credential_id = await store_access(api, here.tenant, here.simulator.url)
    integration = await api.post("/integrations", {"provider": "sophos-users", "name": "Sophos Endpoint Security users"})
    path = f"/integrations/{integration['id']}"
    details = {"user_selection": "user_plus_saas_user", "integration_user": "sync@example.com", "credential_id": credential_id}
    await api.ask("PATCH", path, {**details, "inputs": INPUTS})
    return path


async def launched(api: Api, here: World, *, secret: str | None = None) -> str:
    """Store everything an integration needs, launch it, and return its id. A `secret` takes the place of the good one afterwards.

    A launch looks at a page of the source. What it asked, and that it signed in, is forgotten, and faults wait for it: tests
    are about what comes after.
    """
    path = await drafted_completely(api, here)
    waiting, here.tenant.faults[:] = list(here.tenant.faults), []
    active = await api.post(f"{path}/launch")
    secrets_of_it = {"client_secret": secret or here.tenant.client_secret}
    await api.ask("PUT", f"/credentials/{active['credential_id']}/secret", {"secrets": secrets_of_it})
    here.tenant.counts.clear()
    here.tenant.faults[:] = waiting
    return str(active["id"])


async def run(api: Api, integration_id: str, seconds: float = 30) -> Json:
    """Run an integration and return the run once it has ended."""
    queued = await api.post(f"/integrations/{integration_id}/runs", expect=202)
    return await ended(api, queued["id"], seconds)


async def ended(api: Api, run_id: str, seconds: float = 30) -> Json:
    """Return a run once it has ended."""

    async def look() -> Json | None:
        shown: Json = await api.get(f"/runs/{run_id}")
        return shown if shown["state"] in ENDED else None

    return await eventually(look, seconds)


async def told(mapper: SmallMapper, kind: type[Any]) -> Any:
    """Return the latest event of a kind, once there is one: events leave a moment after what they tell was stored."""

    async def look() -> Json | None:
        return {"heard": mapper.of(kind)[-1]} if mapper.of(kind) else None

    return (await eventually(look))["heard"]


async def eventually(look: Callable[[], Awaitable[Json | None]], seconds: float = 30) -> Json:
    """Return what `look` finds, as soon as it finds something."""
    async with asyncio.timeout(seconds):
        while (found := await look()) is None:  # noqa: ASYNC110 - what is looked at tells nobody
            await asyncio.sleep(0.02)
    return found


def everything_told(mapper: SmallMapper) -> bytes:
    """Return every event as it travelled."""
    return b"\n".join(encode(event) for event in mapper.heard) + orjson.dumps(len(mapper.heard))
