"""All services in one process against the simulator, with an integration on a tenant that a test may change."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Container, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from all_in_one.composition import Composed, composed, migrate
from all_in_one.configuration import Configuration
from all_in_one.embedded import DataDirectory
from all_in_one.services import SERVICES
from connector.scope import Parts as ConnectorParts
from shared.api.runs import ENDED
from shared.config import CommonSettings
from sophos_central_simulator.server import serving
from sophos_central_simulator.settings import SimulatorSettings
from sophos_central_simulator.tenants import Tenant
from tests.support.api_gateway import SERVICE_KEY

USERS = 230
SETTLED = ENDED | {"waiting_for_approval"}


@dataclass
class Caller:
    """Whoever calls the gateway of services that run in this process."""

    http: httpx.AsyncClient
    token: str

    async def ask(self, method: str, path: str, body: Any = None, *, expect: int | None = None, **query: Any) -> Any:
        """Call the API; the status must be `expect`, or any success."""
        headers = {"Authorization": f"Bearer {self.token}"}
        response = await self.http.request(method, f"/api/v1{path}", json=body, headers=headers, params=query)
        assert response.is_success if expect is None else response.status_code == expect, (response.status_code, response.text)
        return response.json() if response.content else None

    async def every(self, path: str, *, limit: int = 500, **query: Any) -> AsyncIterator[dict[str, Any]]:
        """Give all items of a list, page by page."""
        cursor: str | None = None
        while True:
            more: dict[str, Any] = {"cursor": cursor} if cursor else {}
            page = await self.ask("GET", path, limit=limit, **query, **more)
            for item in page["items"]:
                yield item
            if (cursor := page["next_cursor"]) is None:
                return

    async def ended(self, run_id: str, *, states: Container[str] = ENDED, seconds: float = 60) -> dict[str, Any]:
        """Return a run once it has ended."""
        async with asyncio.timeout(seconds):
            while (run := await self.ask("GET", f"/runs/{run_id}"))["state"] not in states:  # noqa: ASYNC110 - a run tells nobody outside
                await asyncio.sleep(0.05)
        found: dict[str, Any] = run
        return found

    async def store_mapping(self, integration_id: str, mapping: dict[str, Any], *, seconds: float = 60) -> dict[str, Any]:
        """Look at what a mapping would change, and store it."""
        path = f"/integrations/{integration_id}/mapping"
        forecast = await self.ask("POST", f"{path}/forecasts", {"mapping": mapping}, expect=201)
        async with asyncio.timeout(seconds):
            while forecast["state"] != "done":
                await asyncio.sleep(0.05)
                forecast = await self.ask("GET", f"{path}/forecasts/{forecast['id']}")
        stored: dict[str, Any] = await self.ask("PUT", path, {**mapping, "forecast": forecast["id"]})
        return stored


@dataclass
class Here(Caller):
    """A launched integration on a tenant that the test may change."""

    tenant: Tenant
    ids: list[str]
    """Of its users, as they were in the beginning."""
    connector: ConnectorParts
    integration_id: str = ""

    async def map(self, mapping: dict[str, Any], integration_id: str | None = None) -> dict[str, Any]:
        """Look at what a mapping would change, and store it."""
        return await self.store_mapping(integration_id or self.integration_id, mapping)

    async def run(self, **given: Any) -> dict[str, Any]:
        """Run the integration until it has ended, or waits for somebody."""
        return await self.settled((await self.ask("POST", f"/integrations/{self.integration_id}/runs", given))["id"])

    async def settled(self, run_id: str) -> dict[str, Any]:
        """Return a run once it has ended, or waits for somebody."""
        return await self.ended(run_id, states=SETTLED)

    async def decided(self, run_id: str, step: str, state: str) -> dict[str, Any]:
        """Approve or reject a run and return it once it has ended."""
        await self.ask("POST", f"/runs/{run_id}/{step}")
        run = await self.ended(run_id)
        assert run["state"] == state, run
        return run

    async def people(self) -> dict[str, str]:
        """Return everybody's name by e-mail address."""
        return {person["fields"]["email"]: person["fields"]["full_name"] async for person in self.every("/people")}

    async def items(self, run_id: str, **query: Any) -> list[dict[str, Any]]:
        """Return a plan's records, page by page."""
        return [item async for item in self.every(f"/runs/{run_id}/plan/items", limit=100, **query)]

    def rename(self, number: int) -> str:
        """Give a user another name at the source; return their e-mail address."""
        source_id = self.ids[number]
        return str(self.tenant.directory.update(source_id, {"name": f"Renamed {number}"})["email"])

    def remove(self, number: int) -> str:
        """Remove a user at the source; return their id."""
        source_id = self.ids[number]
        self.tenant.directory.remove(source_id)
        return source_id


@asynccontextmanager
async def whole(
    database_url: SecretStr, directory: Path, *, broker: Mapping[str, Any] | None = None, **settings: Mapping[str, Any]
) -> AsyncIterator[tuple[httpx.AsyncClient, Composed]]:
    """Give the real services and a client of their gateway: on a database, over a broker where one is given, with settings by service."""
    data = DataDirectory(directory / "data")
    data.create()
    postgres = database_url.get_secret_value().startswith("postgresql")
    overrides: dict[str, dict[str, Any]] = {
        name: {"database_url": database_url if postgres else data.database_url(name), "outbox_poll": 0.02, **settings.get(name, {})}
        for name in SERVICES
    }
    overrides["connector"] |= {"worker_poll": 0.02, "encryption_key": data.key("encryption")}
    configuration = Configuration(CommonSettings(service_key=SERVICE_KEY, data_dir=data.path, **(broker or {})), data, overrides)
    await migrate(configuration)
    async with composed(configuration) as services:
        transport = httpx.ASGITransport(services.api_gateway)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=60) as http:
            yield http, services


@asynccontextmanager
async def launched_integration(database_url: SecretStr, directory: Path, *, devices: int = 0, **broker: Any) -> AsyncIterator[Here]:
    """Give an integration before the real services and the simulator: on a database, and over a broker where one is given."""
    async with serving(SimulatorSettings(port=0, control_token=SecretStr(secrets.token_hex(16)))) as simulator:
        tenant = simulator.app.state.tenants.create(seed=7, users=USERS, awkward=False, email_domain="example.com", endpoints=devices)
        source = {"sophos_id_url": simulator.url, "sophos_global_url": simulator.url, "rate_policy": "off"}
        async with whole(database_url, directory, broker=broker, connector=source) as (http, services):
            parts = services.connector.state.parts
            given = Here(http, services.api_gateway.state.bootstrap_token, tenant, list(tenant.directory.users), parts)
            await _launch(given, simulator.url)
            yield given


async def _launch(here: Here, source_url: str) -> None:
    secret = {"client_id": here.tenant.client_id, "client_secret": here.tenant.client_secret}
    credential = await here.ask("POST", "/credentials", {"name": "Sophos", **secret})
    integration = await here.ask("POST", "/integrations", {"provider": "sophos-users", "name": "Sophos users"})
    here.integration_id, path = integration["id"], f"/integrations/{integration['id']}"
    inputs = {"tenant_id": {"value": here.tenant.id}, "data_region": {"value": source_url}}
    details = {"user_selection": "user_plus_saas_user", "integration_user": "admin", "credential_id": credential["id"]}
    await here.ask("PATCH", path, {**details, "inputs": inputs})
    mapped = {"email": ["email"], "username": ["email"], "full_name": ["name"]}
    targets: dict[str, Any] = {key: {"kind": "source", "path": steps} for key, steps in mapped.items()}
    targets["role"] = {"kind": "constant", "value": "Employee"}
    await here.ask("PUT", f"{path}/mapping", {"targets": targets, "sync_keys": ["email"]})
    await here.ask("POST", f"{path}/launch")
