"""The app factory: every service's FastAPI app has the same health, errors, correlation and size limit."""

import time
from collections.abc import Mapping
from uuid import UUID

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http import health, problems
from shared.ids import new_id
from shared.observability.correlation import correlated
from shared.observability.metrics import HTTP_REQUESTS

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes; a larger request is refused before it is read."""


def create_app(
    *,
    service: str,
    title: str,
    checks: Mapping[str, health.Check],
    metrics_token: SecretStr | None,
    openapi_url: str | None = None,
    docs_url: str | None = None,
) -> FastAPI:
    """Return an app without lifespan: what it needs is started by the service's `running` block."""
    app = FastAPI(title=title, version="0.1.0", openapi_url=openapi_url, docs_url=docs_url, redoc_url=None)
    problems.install(app)
    app.include_router(health.router(service, checks, metrics_token))
    app.add_middleware(RequestFrame, service=service)
    return app


class RequestFrame:
    """Around each request: a correlation id (taken from `X-Request-ID` when it is a UUID), a size limit, a timing."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        correlation_id = _uuid(headers.get(b"x-request-id")) or new_id()
        started = time.perf_counter()
        status = 500

        body = Body(receive)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (b"x-request-id", str(correlation_id).encode())]
            await send(message)

        async def sending_unless_too_large(message: Message) -> None:
            # Whatever the app makes of a body that was cut off, the caller is told why; what follows is dropped.
            if not body.too_large:
                await sending(message)
            elif message["type"] == "http.response.start":
                await _too_large()(scope, receive, sending)

        with correlated(correlation_id):
            if _declared_size(headers) > LARGEST_BODY:
                await _too_large()(scope, receive, sending)
            else:
                try:
                    await self._app(scope, body.receive, sending_unless_too_large)
                except ClientDisconnect:
                    if not body.too_large:
                        raise
                    await _too_large()(scope, receive, sending)
        route = getattr(scope.get("route"), "path", "unmatched")
        HTTP_REQUESTS.labels(self._service, scope["method"], route, str(status)).observe(time.perf_counter() - started)


def _declared_size(headers: dict[bytes, bytes]) -> int:
    declared = headers.get(b"content-length", b"0")
    return int(declared) if declared.isdigit() else 0


def _too_large() -> Response:
    return problems.answer(413, "Too large", "the request body is too large", "too_large", remedy="Send less than 16 MiB at once.")


class Body:
    """A request's body, cut off when it grows past the limit without having declared its length."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._taken = 0
        self.too_large = False

    async def receive(self) -> Message:
        """Give the next piece, or say that the client went away when there were too many."""
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        self.too_large = self._taken > LARGEST_BODY
        return {"type": "http.disconnect"} if self.too_large else message


def _uuid(value: bytes | None) -> UUID | None:
    try:
        return UUID(value.decode("ascii")) if value else None
    except ValueError:
        return None
