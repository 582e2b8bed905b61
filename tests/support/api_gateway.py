"""A gateway on a real database, before three services that answer what they are told to and remember who asked."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import SecretStr

from api_gateway.service import running
from api_gateway.settings import GatewaySettings
from api_gateway.tables import SCHEMA
from shared.bus.in_process import InProcessBus
from shared.bus.port import Bus
from shared.bus.spool import Spool
from shared.config import CommonSettings
from shared.http.app import create_app
from shared.http.service_tokens import Caller, ServiceTokens, caller_of
from tests.support.migrated import migrated

SERVICE_KEY = SecretStr("the key that all services of this test share")
METRICS_TOKEN = SecretStr("the token that may read metrics")
ANY_ID = "0190b7a4-0000-7000-8000-000000000001"


@dataclass(slots=True)
class Asked:
    """One call that reached a service."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    caller: Caller
    request_id: str


@dataclass(slots=True)
class FakeService:
    """Answers every internal call with what was put into `answers` under `METHOD /path`; 404 for the rest."""

    name: str
    key: SecretStr = SERVICE_KEY
    answers: dict[str, tuple[int, Any, dict[str, str]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, call: str, body: Any, status: int = 200, **headers: str) -> None:
        """Say how a call is to be answered."""
        self.answers[call] = (status, body, headers)

    def app(self) -> FastAPI:
        """Return the service's app; like a real one it lets only services in."""
        app = create_app(service=self.name, title=self.name, checks={}, metrics_token=None)
        let_in = caller_of(ServiceTokens(self.key, self.name))

        @app.api_route("/internal/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
        async def internal(request: Request) -> JSONResponse:
            caller = await let_in(request)
            raw = await request.body()
            self.asked.append(
                Asked(
                    method=request.method,
                    path=request.url.path,
                    query=dict(request.query_params),
                    body=await request.json() if raw else None,
                    caller=caller,
                    request_id=request.headers["x-request-id"],
                )
            )
            missing: tuple[int, Any, dict[str, str]] = (
                404,
                {"title": "Not found", "status": 404, "detail": "nothing here", "code": "not_found"},
                {},
            )
            status, body, headers = self.answers.get(f"{request.method} {request.url.path}", missing)
            return JSONResponse(body, status_code=status, headers=headers)

        return app


@dataclass(slots=True)
class Gateway:
    """A running gateway and what stands behind it."""

    app: FastAPI
    http: httpx.AsyncClient
    connector: FakeService
    mapper: FakeService
    workflow_engine: FakeService
    database_url: SecretStr
    bus: Bus

    @property
    def admin_token(self) -> str:
        """The token that the first start made."""
        token: str = self.app.state.bootstrap_token
        return token

    async def call(self, method: str, path: str, body: Any = None, *, token: str | None = None, **more: Any) -> httpx.Response:
        """Call the API below /api/v1, as the admin unless another token is given."""
        headers = {"Authorization": f"Bearer {token or self.admin_token}", **more.pop("headers", {})}
        return await self.http.request(method, f"/api/v1{path}", json=body, headers=headers, **more)

    async def token_for(self, role: str, name: str | None = None, **token: Any) -> str:
        """Return a token of a new account with `role`."""
        account = await self.call("POST", "/accounts", {"name": name or f"the {role}", "kind": "person", "role": role})
        assert account.status_code == 201, account.text
        made = await self.call("POST", f"/accounts/{account.json()['id']}/tokens", token)
        assert made.status_code == 201, made.text
        plain: str = made.json()["token"]
        return plain


def fake_services() -> dict[str, FakeService]:
    """Return the three services behind the gateway, by the name of the client that asks them."""
    return {"connector": FakeService("connector"), "mapper": FakeService("mapper"), "workflow_engine": FakeService("workflow-engine")}


@asynccontextmanager
async def gateway(
    database_url: SecretStr, tmp_path: Path, *, migrate: bool = True, bus: Bus | None = None, **more: Any
) -> AsyncIterator[Gateway]:
    """Give a gateway that runs inside the block, on a bus of its own unless one is given."""
    if migrate:
        await migrated(database_url, SCHEMA)
    common = CommonSettings(service_key=SERVICE_KEY, metrics_token=METRICS_TOKEN, data_dir=tmp_path)
    services = fake_services()
    async with AsyncExitStack() as stack:

        async def calling(app: FastAPI, name: str) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            return await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=f"http://{name}"))

        clients = {name: await calling(service.app(), service.name) for name, service in services.items()}
        bus = bus or InProcessBus(Spool(tmp_path / "dead-letters"))
        app = await stack.enter_async_context(running(GatewaySettings(database_url=database_url, **more), common, bus, **clients))
        yield Gateway(app=app, http=await calling(app, "gateway"), database_url=database_url, bus=bus, **services)
