"""The app factory: every service's FastAPI app has the same health, errors, correlation and size limit."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.db.conflicts import STREAMED, RetriedRequests
from shared.http import health, problems
from shared.ids import new_id
from shared.observability.correlation import correlated
from shared.observability.metrics import HTTP_REQUESTS

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes; a larger request is refused before it is read."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
GONE = 499
"""What the metrics call a request whose caller went away before the answer."""


@dataclass(frozen=True, slots=True)
class Uploads:
    """Where files are sent to, by the end of the path, and how many bytes they may have."""

    path: str
    largest: int

    def take(self, scope: Scope) -> bool:
        """Return whether a request sends a file."""
        return bool(scope["method"] == "POST" and scope["path"].endswith(self.path))


def create_app(
    *,
    service: str,
    title: str,
    checks: Mapping[str, health.Check],
    metrics_token: SecretStr | None,
    openapi_url: str | None = None,
    docs_url: str | None = None,
    uploads: Uploads | None = None,
) -> FastAPI:
    """Return an app without lifespan: what it needs is started by the service's `running` block."""
    # A redirect to the path without its slash would answer before anybody asked for a token.
    app = FastAPI(title=title, version="0.1.0", openapi_url=openapi_url, docs_url=docs_url, redoc_url=None, redirect_slashes=False)
    problems.install(app)
    app.state.health = health.Health(service, checks, metrics_token)
    app.include_router(health.router)
    app.add_middleware(RetriedRequests)
    app.add_middleware(RequestFrame, service=service, uploads=uploads)
    return app


class RequestFrame:
    """Around each request: a correlation id (taken from `X-Request-ID` when it is a UUID), a size limit, a timing."""

    def __init__(self, app: ASGIApp, service: str, uploads: Uploads | None = None) -> None:
        self._app = app
        self._service = service
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        correlation_id = _uuid(headers.get(b"x-request-id")) or new_id()
        started = time.perf_counter()
        leaving = Leaving(send, correlation_id)
        largest = LARGEST_BODY
        if self._uploads is not None and self._uploads.take(scope):
            scope[STREAMED], largest = True, self._uploads.largest
        try:
            with correlated(correlation_id):
                if _declared_size(headers) > largest:
                    await _too_large(largest)(scope, receive, leaving.send)
                else:
                    await self._answer(scope, Body(receive, largest), leaving)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            labels = (self._service, _method(scope), route, str(leaving.status or GONE))
            HTTP_REQUESTS.labels(*labels).observe(time.perf_counter() - started)

    async def _answer(self, scope: Scope, body: "Body", leaving: "Leaving") -> None:
        """Let the app answer; answer for it when it cannot, as long as nothing has left yet."""

        async def unless_too_large(message: Message) -> None:
            # Whatever the app makes of a body that was cut off, the caller is told why; what follows is dropped.
            if not body.too_large:
                await leaving.send(message)
            elif message["type"] == "http.response.start":
                await _too_large(body.largest)(scope, body.receive, leaving.send)

        try:
            await self._app(scope, body.receive, unless_too_large)
        except Exception as error:
            if leaving.status is not None:
                raise
            if body.too_large:
                await _too_large(body.largest)(scope, body.receive, leaving.send)
            elif not isinstance(error, ClientDisconnect):
                # Here and not outside of this frame: its answer and its log line carry the correlation id.
                await problems.crashed(scope["method"], error)(scope, body.receive, leaving.send)


class Leaving:
    """What leaves: the answer with its correlation id. `status` is None until it has begun."""

    def __init__(self, send: Send, correlation_id: UUID) -> None:
        self._send = send
        self._header = (b"x-request-id", str(correlation_id).encode())
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        """Send one message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", []), self._header]
        await self._send(message)


def _method(scope: Scope) -> str:
    """Return the method as the metrics name it: a caller may invent as many as they like."""
    return scope["method"] if scope["method"] in METHODS else "other"


def _declared_size(headers: dict[bytes, bytes]) -> int:
    declared = headers.get(b"content-length", b"0")
    return int(declared) if declared.isdigit() else 0


def _too_large(largest: int) -> Response:
    remedy = f"Send less than {largest / 1024**2:g} MiB at once."
    return problems.answer(413, "Too large", "the request body is too large", "too_large", remedy=remedy)


class Body:
    """A request's body, cut off when it grows past the limit without having declared its length."""

    def __init__(self, receive: Receive, largest: int = LARGEST_BODY) -> None:
        self._receive = receive
        self._taken = 0
        self.largest = largest
        self.too_large = False

    async def receive(self) -> Message:
        """Give the next piece, or say that the client went away when there were too many."""
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        self.too_large = self._taken > self.largest
        return {"type": "http.disconnect"} if self.too_large else message


def _uuid(value: bytes | None) -> UUID | None:
    try:
        return UUID(value.decode("ascii")) if value else None
    except ValueError:
        return None
