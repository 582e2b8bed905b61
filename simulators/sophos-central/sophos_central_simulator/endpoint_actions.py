"""What can be done with endpoints: isolate and release, tamper protection, scans, update checks."""

from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from sophos_central_simulator.endpoints import ENDPOINTS, endpoint_of, ids_in
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.people import stamp
from sophos_central_simulator.requests import answer, json_object, scoped, tenants_of, writable
from sophos_central_simulator.tenants import Tenant

Json = dict[str, Any]

router = APIRouter()


@router.post(ENDPOINTS + "/isolation")
async def isolate_many(request: Request) -> Response:
    """Ask several endpoints to be isolated or released: all of them or, when one cannot, none."""
    tenant = writable(request)
    given = json_object(await request.body())
    ids = [endpoint_of(tenant, one)["id"] for one in ids_in(given, "ids", tenant)]
    items = [{"id": one, "isolation": shown} for one, shown in zip(ids, _isolate(tenant, ids, given), strict=True)]
    return answer({"items": items}, 202)


@router.get(ENDPOINTS + "/{endpoint_id}/isolation")
async def read_isolation(request: Request, endpoint_id: str) -> Response:
    """Return what was last asked of an endpoint, by whom and when."""
    tenant = scoped(request)
    return answer(tenant.fleet.isolation(endpoint_of(tenant, endpoint_id)["id"]).shown())


@router.patch(ENDPOINTS + "/{endpoint_id}/isolation")
async def isolate(request: Request, endpoint_id: str) -> Response:
    """Ask one endpoint to be isolated or released."""
    tenant = writable(request)
    device = endpoint_of(tenant, endpoint_id)
    return answer(_isolate(tenant, [device["id"]], json_object(await request.body()))[0])


@router.get(ENDPOINTS + "/{endpoint_id}/tamper-protection")
async def read_tamper_protection(request: Request, endpoint_id: str) -> Response:
    """Return an endpoint's tamper protection with its passwords."""
    tenant = scoped(request)
    return answer(tenant.fleet.tamper_protection(endpoint_of(tenant, endpoint_id)["id"]).shown())


@router.post(ENDPOINTS + "/{endpoint_id}/tamper-protection")
async def change_tamper_protection(request: Request, endpoint_id: str) -> Response:
    """Turn it on or off, or take another password."""
    tenant = writable(request)
    device = endpoint_of(tenant, endpoint_id)
    given = json_object(await request.body())
    enabled, regenerate = _flag(given, "enabled"), _flag(given, "regeneratePassword")
    protection = tenant.fleet.tamper_protection(device["id"])
    protection.change(tenants_of(request).clock, enabled=enabled, regenerate=bool(regenerate))
    return answer(protection.shown(), 201)


@router.post(ENDPOINTS + "/{endpoint_id}/scans")
@router.post(ENDPOINTS + "/{endpoint_id}/update-checks")
async def ask_for(request: Request, endpoint_id: str) -> Response:
    """Ask an endpoint to scan itself, or to look for an update. A body is needed, though it says nothing."""
    tenant = writable(request)
    endpoint_of(tenant, endpoint_id)
    json_object(await request.body())
    return answer({"id": str(uuid4()), "status": "requested", "requestedAt": stamp(tenants_of(request).clock.now())}, 201)


@router.get("/endpoint/v1/settings/tamper-protection")
async def tamper_protection_everywhere(request: Request) -> Response:
    """Say whether tamper protection is on in the whole tenant."""
    scoped(request)
    return answer({"enabled": True})


def _isolate(tenant: Tenant, ids: list[str], given: Json) -> list[Json]:
    enabled, comment = _flag(given, "enabled"), given.get("comment") or ""
    if enabled is None:
        raise Refused(400, "enabled is missing")
    if not isinstance(comment, str):
        raise Refused(400, "comment is not text")
    if any(tenant.fleet.isolation_in_progress(one) for one in ids):
        raise Refused(409, "A change of the isolation is in progress")
    takes = tenant.switches.isolation_takes
    return [tenant.fleet.isolate(one, enabled=enabled, comment=comment, who=tenant.client_id, takes=takes) for one in ids]


def _flag(given: Json, name: str) -> bool | None:
    value = given.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise Refused(400, f"{name} is not true or false")
