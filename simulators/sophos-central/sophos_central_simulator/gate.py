"""Before every request: tidy its path, know whose it is, note it, keep the rate limit, and let a queued fault happen."""

import asyncio
import math
import random
import re
import secrets
from typing import Any

from fastapi import Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sophos_central_simulator.callers import Caller
from sophos_central_simulator.connection import Collected, drop
from sophos_central_simulator.dated import dated
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.faults import Fault, next_fault
from sophos_central_simulator.people import stamp
from sophos_central_simulator.sign_in import TOKEN, client_of
from sophos_central_simulator.tenants import Tenant, Tenants, spoken_for

CONTROL = "/_control/"
HEALTH = "/_control/health"
LONGEST_URI = 7 * 1024
LARGEST_BODY = 1024 * 1024
SLASHES = re.compile(r"/{2,}")
ID_STEP = re.compile(r"(/directory/(?:users|user-groups)|/endpoints|/admins|/roles|/role-assignments|/tenants|/alerts)/[0-9a-fA-F-]{36}")


class Gate:
    """Stands before the app; `inner` is the app itself."""

    def __init__(self, inner: ASGIApp, tenants: Tenants, control_token: str) -> None:
        self._inner, self._tenants, self._control_token = dated(inner, tenants.clock), tenants, control_token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        scope = {**scope, "path": SLASHES.sub("/", scope["path"])}
        try:
            if scope["path"].startswith(CONTROL):
                self._open_control(scope)
                await self._inner(scope, receive, send)
            else:
                await self._api(scope, receive, send)
        except Refused as refused:
            await self._answer(refused.response(self._tenants.clock.now()), scope, receive, send)

    async def _answer(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in the place of the app."""
        await dated(response, self._tenants.clock)(scope, receive, send)

    def _open_control(self, scope: Scope) -> None:
        shown = Headers(scope=scope).get("x-control-token", "").encode()
        if scope["path"] != HEALTH and not secrets.compare_digest(shown, self._control_token):
            raise Refused(401, "X-Control-Token is missing or wrong")

    async def _api(self, scope: Scope, receive: Receive, send: Send) -> None:
        _refuse_oversize(scope)
        headers = Headers(scope=scope)
        if scope["path"] == TOKEN:
            body = await _body(receive)
            receive = _replaying(body, receive)
            caller = self._tenants.by_client(client_of(body, headers.get("content-type", "")))
            alive = False
        else:
            scheme, _, token = headers.get("authorization", "").partition(" ")
            caller = self._tenants.by_token(token.strip()) if scheme.lower() == "bearer" else None
            alive = caller is not None and caller.accepts(token.strip())
        if caller is None:
            await self._inner(scope, receive, send)
            return
        # What a partner asks about one of its tenants is that tenant's affair: its limit, its faults, its record.
        subject = spoken_for(caller, headers.get("x-tenant-id", "").strip()) or caller
        noted = _Noted(subject, scope)
        try:
            fault = _admit(caller, subject, scope, alive=alive)
            await self._with(fault, scope, receive, send, noted)
        except Refused as refused:
            noted.status(refused.status)
            raise

    async def _with(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send, noted: "_Noted") -> None:
        """Answer, with what the fault does to the answer. Raises `Refused`."""
        match fault.kind if fault is not None else None:
            case "cut":
                await drop(receive, send)
            case "cut_after":
                await self._inner(scope, receive, Collected())
                await drop(receive, send)
            case "cut_midway":
                collected = Collected()
                await self._inner(scope, receive, collected)
                await collected.send_half(send)
                await drop(receive, send)
            case "not_json":
                noted.status(200)
                page = Response("<html><body>Down for maintenance</body></html>", media_type="text/html")
                await self._answer(page, scope, receive, send)
            case _:
                if fault is not None:
                    await self._before(fault, scope, receive)
                await self._inner(scope, receive, noted.through(send))

    async def _before(self, fault: Fault, scope: Scope, receive: Receive) -> None:
        """Wait, or raise the `Refused` that stands for the fault."""
        headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
        match fault.kind:
            case "throttle":
                raise Refused(429, headers=headers)
            case "forbidden":
                raise Refused(403)
            case "error":
                if fault.after:
                    await self._inner(scope, receive, Collected())
                raise Refused(fault.status, headers=headers)
            case "drift":
                _drift(scope["state"]["subject"], fault)
            case "expire_tokens":
                scope["state"]["caller"].expire_tokens()
                raise Refused(401)
            case _:
                await asyncio.sleep(fault.seconds)


def _admit(caller: Caller, subject: Caller, scope: Scope, *, alive: bool) -> Fault | None:
    """Return the fault that the request meets, if any. Raises `Refused` (429)."""
    method, path = scope["method"], scope["path"]
    if path == TOKEN:
        scope["state"] = {**scope.get("state", {}), "caller": caller}
        return next_fault(caller.faults, method, path, sign_in=True)
    if not alive:
        return None
    wait = subject.rate.wait(subject.switches)
    if wait is not None:
        raise Refused(429, headers={"Retry-After": str(max(1, math.ceil(wait)))} if subject.switches.retry_after else {})
    scope["state"] = {**scope.get("state", {}), "caller": caller, "subject": subject}
    return next_fault(subject.faults, method, path)


def _drift(subject: Caller, fault: Fault) -> None:
    """Let people change, join and leave between two requests, as far as there are any. A partner has none of its own."""
    if isinstance(subject, Tenant):
        directory = subject.directory
        leave = min(fault.leave, len(directory.users))
        change = min(fault.change, len(directory.users) - leave)
        directory.drift(random.Random(f"{directory.next_move()}:changes"), change=change, join=fault.join, leave=leave, leave_ids=[])


class _Noted:
    """The note of one request in somebody's record; `status` stays None when nothing was answered."""

    def __init__(self, caller: Caller, scope: Scope) -> None:
        method, path = scope["method"], scope["path"]
        if path == TOKEN:
            caller.sign_ins += 1
        else:
            template = ID_STEP.sub(r"\1/{id}", path[:300])
            caller.counts[f"{method} {template}"] += 1
        query = scope["query_string"].decode("latin-1")
        self._entry: dict[str, Any] = {"method": method, "path": path, "query": query, "at": stamp(caller.clock.now()), "status": None}
        caller.recent.append(self._entry)

    def status(self, status: int) -> None:
        """Note the answer's status."""
        self._entry["status"] = status

    def through(self, send: Send) -> Send:
        """Return a `send` that notes the status of what passes."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status(message["status"])
            await send(message)

        return noting


def _refuse_oversize(scope: Scope) -> None:
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_URI:
        raise Refused(414)
    length = Headers(scope=scope).get("content-length", "0")
    if length.isdecimal() and int(length) > LARGEST_BODY:
        raise Refused(413)


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise Refused(413)
        if not message.get("more_body", False):
            return bytes(body)


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body that was read already, then whatever comes."""
    waiting = [body]

    async def replay() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replay
