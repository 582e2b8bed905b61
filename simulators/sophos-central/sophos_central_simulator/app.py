"""The simulator's app: tokens and tenants are checked, faults happen, then the API or the control API answers."""

import asyncio
import re
import secrets

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sophos_central_simulator import api, control
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.faults import Fault, next_fault
from sophos_central_simulator.settings import SimulatorSettings
from sophos_central_simulator.tenants import Tenant, Tenants

UUID_STEP = re.compile(r"/[0-9a-fA-F-]{36}(?=/|$)")


def create_simulator(settings: SimulatorSettings) -> FastAPI:
    """Return the app. Its tenants are made through the control API."""
    app = FastAPI(title="Sophos Central simulator", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.tenants = Tenants()
    app.state.base_url = lambda request: (settings.public_url or str(request.base_url)).rstrip("/")
    app.include_router(control.router)
    app.include_router(api.router)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Gate, app=app, control_token=settings.control_token.get_secret_value())
    return app


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - registered for it only
    return error.response()


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it only
    return Refused(error.status_code, "notFound" if error.status_code == 404 else "badRequest", str(error.detail)).response()


class Gate:
    """Before every request: tidy the path, know the tenant, count, and let a queued fault happen."""

    def __init__(self, inner: ASGIApp, app: FastAPI, control_token: str) -> None:
        self._inner, self._tenants, self._control_token = inner, app.state.tenants, control_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        scope["path"] = re.sub(r"/{2,}", "/", scope["path"])
        try:
            fault = self._admit(Request(scope))
        except Refused as refused:
            await refused.response()(scope, receive, send)
            return
        await self._with_fault(fault, scope, receive, send)

    def _admit(self, request: Request) -> Fault | None:
        path = request.url.path
        if path.startswith("/_control/"):
            shown = request.headers.get("x-control-token", "").encode()
            if path != "/_control/health" and not secrets.compare_digest(shown, self._control_token.encode()):
                raise Refused(401, "unauthorized", "X-Control-Token is missing or wrong")
            return None
        if path.startswith("/api/v2/oauth2/"):
            return self._fault_of_any(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        tenant = self._tenants.by_token(token) if scheme.lower() == "bearer" else None
        if tenant is None:
            raise Refused(401, "Unauthorized", "Unauthorized")
        request.state.tenant = tenant
        tenant.count(request.method, UUID_STEP.sub("/{id}", path), path)
        fault = next_fault(tenant.faults, request.method, path)
        return self._act(fault, tenant)

    def _fault_of_any(self, request: Request) -> Fault | None:
        """Return what a sign-in meets: it names no tenant before it is read, so whichever queued a fault for its path."""
        faults = (
            next_fault(t.faults, request.method, request.url.path) for t in self._tenants.by_id.values() if _named(t, request.url.path)
        )
        return next((fault for fault in faults if fault is not None), None)

    def _act(self, fault: Fault | None, tenant: Tenant) -> Fault | None:
        if fault is None:
            return None
        if fault.kind == "expire_tokens":
            tenant.expire_tokens()
            raise Refused(401, "Unauthorized", "Unauthorized")
        return fault

    async def _with_fault(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.kind if fault else None:
            case "throttle":
                headers = {} if fault is None or fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
                await Refused(429, "tooManyRequests", "Too many requests", headers).response()(scope, receive, send)
            case "error":
                status = 500 if fault is None else fault.status
                await Refused(status, "internalServerError", "Internal error").response()(scope, receive, send)
            case "forbidden":
                await Refused(403, "forbidden", "Forbidden").response()(scope, receive, send)
            case "not_json":
                page = Response("<html><body>maintenance</body></html>", media_type="text/html")
                await page(scope, receive, send)
            case "cut":
                await _cut(send)
            case "cut_after":
                await self._inner(scope, receive, _swallow)
                await _cut(send)
            case "slow":
                await asyncio.sleep(0 if fault is None else fault.seconds)
                await self._inner(scope, receive, send)
            case _:
                await self._inner(scope, receive, send)


def _named(tenant: Tenant, path: str) -> bool:
    return any(fault.path != "/" and path.startswith(fault.path) for fault in tenant.faults)


async def _swallow(_message: Message) -> None:
    """Send nothing."""


async def _cut(send: Send) -> None:
    """Begin an answer and end in the middle of it: the server then drops the connection."""
    headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
