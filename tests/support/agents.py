"""A local installation: the four services served over HTTP, the simulator, and an agent between them that can lose its network."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from all_in_one.composition import composed, migrate
from all_in_one.configuration import Configuration
from all_in_one.embedded import DataDirectory
from all_in_one.services import SERVICES
from all_in_one.serving import serving as served
from connector.local.running import Local, local_installation
from connector.local.settings import AgentSettings
from shared.api.runs import ENDED
from shared.config import CommonSettings
from sophos_central_simulator.server import Running, serving
from sophos_central_simulator.settings import SimulatorSettings
from sophos_central_simulator.tenants import Tenant
from tests.support.api_gateway import SERVICE_KEY
from tests.support.tcp_proxy import TcpProxy

CANARY = "canary-7f3a9c51"
"""Part of the secret that must not leave the agent's host."""
CREDENTIAL = "Sophos at home"
Json = dict[str, Any]


@dataclass
class Site:
    """Rollcall, a tenant, and the host of an agent."""

    http: httpx.AsyncClient
    admin: str
    simulator: Running
    tenant: Tenant
    proxy: TcpProxy
    directory: Path
    gateway: Any
    connector: Any
    integration_id: str = ""
    agent_token: str = ""
    answers: list[str] = field(default_factory=list)

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, expect: int | None = None, **query: Any
    ) -> Any:
        """Call the API; the status must be `expect`, or any success."""
        headers = {"Authorization": f"Bearer {token or self.admin}"}
        response = await self.http.request(method, f"/api/v1{path}", json=body, headers=headers, params=query)
        self.answers.append(response.text)
        assert response.is_success if expect is None else response.status_code == expect, (response.status_code, response.text)
        return response.json() if response.content else None

    async def as_agent(self, path: str, body: Any, *, expect: int | None = None) -> Any:
        """Call one of the agent's own routes."""
        return await self.ask("POST", f"/agent{path}", body, token=self.agent_token, expect=expect)

    async def run(self, **given: Any) -> Json:
        """Run the integration to its end."""
        return await self.ended((await self.ask("POST", f"/integrations/{self.integration_id}/runs", given))["id"])

    async def ended(self, run_id: str) -> Json:
        """Return a run once it has ended."""
        async with asyncio.timeout(60):
            while (run := await self.ask("GET", f"/runs/{run_id}"))["state"] not in ENDED:  # noqa: ASYNC110 - a run tells nobody outside
                await asyncio.sleep(0.05)
        found: Json = run
        return found

    def settings(self, **changes: Any) -> AgentSettings:
        """Return the settings of an agent that reaches the gateway through the proxy."""
        return AgentSettings(
            **{
                "gateway_url": f"http://127.0.0.1:{self.proxy.port}",
                "token": SecretStr(self.agent_token),
                "credentials_file": self.directory / "agent.toml",
                "poll_seconds": 0.1,
                "longest_pause": 0.3,
                "sophos_id_url": self.simulator.url,
                "sophos_global_url": self.simulator.url,
                "rate_policy": "off",
                "retry_first_seconds": 0.01,
                "retry_longest_seconds": 0.05,
                **changes,
            }
        )

    @asynccontextmanager
    async def agent(self, **changes: Any) -> AsyncIterator[Local]:
        """Run the agent inside the block; at its end it is told to stop. Raises what it ended with."""
        stop = asyncio.Event()
        async with local_installation(self.settings(**changes)) as local:
            work = asyncio.create_task(local.agent.run(stop))
            try:
                yield local
            finally:
                stop.set()
                await work

    def describe(self, **fields: Any) -> None:
        """Write the agent's file of credentials."""
        described = {
            "provider": "sophos-users",
            "kind": "oauth2_client_credentials",
            "client_id": self.tenant.client_id,
            "client_secret": self.tenant.client_secret,
            **fields,
        }
        write_credentials(self.directory / "agent.toml", {CREDENTIAL: described})


def write_credentials(path: Path, described: Mapping[str, Mapping[str, Any]]) -> None:
    """Write a file of credentials that only its owner may read."""
    lines: list[str] = []
    for name, fields in described.items():
        lines += [f'[credentials."{name}"]', *(f"{key} = {_toml(value)}" for key, value in fields.items())]
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o600)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"'


@asynccontextmanager
async def site(database_url: SecretStr, directory: Path, *, users: int, **connector: Any) -> AsyncIterator[Site]:
    """Give a site whose one integration is local and launched. `connector`: settings of that service."""
    data = DataDirectory(directory / "data")
    data.create()
    postgres = database_url.get_secret_value().startswith("postgresql")
    overrides: dict[str, Json] = {
        name: {"database_url": database_url if postgres else data.database_url(name), "outbox_poll": 0.02} for name in SERVICES
    }
    # The connector has no way to the source: whatever it asked there itself would fail.
    nowhere = {"sophos_id_url": "http://127.0.0.1:9", "sophos_global_url": "http://127.0.0.1:9", "rate_policy": "off"}
    overrides["connector"] |= {**nowhere, "worker_poll": 0.02, "lease_seconds": 1, **connector}
    configuration = Configuration(CommonSettings(service_key=SERVICE_KEY, data_dir=data.path), data, overrides)
    await migrate(configuration)
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(serving(SimulatorSettings(port=0, control_token=SecretStr(secrets.token_hex(16)))))
        tenant = simulator.app.state.tenants.create(seed=7, users=users, awkward=False, email_domain="example.com", endpoints=0)
        services = await stack.enter_async_context(composed(configuration))
        url = await stack.enter_async_context(served(services.api_gateway, host="127.0.0.1", port=0, shutdown_seconds=2))
        proxy = await stack.enter_async_context(TcpProxy("127.0.0.1", urlsplit(url).port or 0).running())
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=60))
        given = Site(
            http, services.api_gateway.state.bootstrap_token, simulator, tenant, proxy, directory, services.api_gateway, services.connector
        )
        given.agent_token = await new_agent(given, "agent-berlin")
        await _launch(given)
        given.describe()
        yield given


async def new_agent(here: Site, name: str) -> str:
    """Make an account with the role agent; return its token."""
    account = await here.ask("POST", "/accounts", {"name": name, "kind": "service", "role": "agent"})
    return str((await here.ask("POST", f"/accounts/{account['id']}/tokens", {"name": "host"}))["token"])


async def _launch(here: Site) -> None:
    integration = await here.ask("POST", "/integrations", {"provider": "sophos-users", "name": "Sophos behind the firewall"})
    here.integration_id, path = integration["id"], f"/integrations/{integration['id']}"
    inputs = {"tenant_id": {"value": here.tenant.id}, "data_region": {"value": here.simulator.url}}
    details = {"user_selection": "user_plus_saas_user", "integration_user": "admin", "inputs": inputs}
    local = {"installation": "local", "agent": "Agent-Berlin", "local_credential": CREDENTIAL}
    await here.ask("PATCH", path, {**details, **local})
    mapped = {"email": ["email"], "username": ["email"], "full_name": ["name"]}
    targets: Json = {key: {"kind": "source", "path": steps} for key, steps in mapped.items()}
    targets["role"] = {"kind": "constant", "value": "Employee"}
    await here.ask("PUT", f"{path}/mapping", {"targets": targets, "sync_keys": ["email"]})
    await here.ask("POST", f"{path}/launch")
