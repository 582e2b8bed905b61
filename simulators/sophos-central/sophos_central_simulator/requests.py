"""What every route needs of its request: the tenant it speaks for, a body that is an object, and JSON to answer with."""

import re
from typing import Any

from fastapi import Request, Response
from orjson import JSONDecodeError, dumps, loads

from sophos_central_simulator.callers import Caller
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.queries import Query
from sophos_central_simulator.settings import UUID
from sophos_central_simulator.tenants import Parent, Tenant, Tenants, spoken_for

Json = dict[str, Any]


def answer(body: Any, status: int = 200) -> Response:
    """Return JSON in UTF-8."""
    return Response(dumps(body), status, media_type="application/json")


def tenants_of(request: Request) -> Tenants:
    """Return the simulator's tenants."""
    tenants: Tenants = request.app.state.tenants
    return tenants


def base_url(request: Request) -> str:
    """Return the simulator's own base URL, without a slash at its end."""
    told: str | None = request.app.state.public_url
    return (told or str(request.base_url)).rstrip("/")


def caller(request: Request) -> Tenant | Parent:
    """Return whose token the request has. Raises `Refused` (401)."""
    asked: Tenant | Parent | None = getattr(request.state, "caller", None)
    if asked is None:
        raise Refused(401)
    return asked


def scoped(request: Request) -> Tenant:
    """Return the tenant that X-Tenant-ID names, for which the caller must be allowed to speak. Raises `Refused`."""
    asked = caller(request)
    named = request.headers.get("x-tenant-id", "").strip()
    if not named:
        raise Refused(asked.switches.missing_tenant_header)
    tenant = spoken_for(asked, named)
    if tenant is None or (tenant is not asked and tenant.switches.refuses_parents):
        raise Refused(403)
    return tenant


def writable(request: Request) -> Tenant:
    """Return the tenant; neither its switches nor the caller's may say that the credential only reads. Raises `Refused`."""
    tenant = scoped(request)
    if tenant.switches.read_only or caller(request).switches.read_only:
        raise Refused(403, "Access is denied")
    return tenant


def query_of(request: Request, tenant: Tenant) -> Query:
    """Return the request's query."""
    return Query(request.query_params, tenant.switches)


def id_of(text: str, tenant: Caller, what: str) -> str:
    """Return an id from a path in lower case. Raises `Refused` (400, or 404 when malformed input is to be ignored)."""
    if re.fullmatch(UUID, text):
        return text.lower()
    raise Refused(400, f"{what} is not a UUID") if tenant.switches.malformed == "refuse" else Refused(404)


def json_object(body: bytes) -> Json:
    """Return a body that is a JSON object. Raises `Refused` (400)."""
    try:
        given = loads(body)
    except JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise Refused(400, "The body is not a JSON object")
    return given
