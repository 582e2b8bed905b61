"""The control API of events: let something happen on a device, now."""

from dataclasses import replace
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sophos_central_simulator.control import tenant_named
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.people import stamp
from sophos_central_simulator.requests import answer
from sophos_central_simulator.signal_kinds import ALERTING, BY_TYPE
from sophos_central_simulator.tenants import Tenant

router = APIRouter(prefix="/_control")


class Happening(BaseModel):
    """Something to happen `count` times; without an endpoint, on the tenant's devices by turns."""

    model_config = ConfigDict(extra="forbid")

    type: str = ALERTING[0].type
    severity: Literal["low", "medium", "high"] | None = Field(default=None, description="As grave as this, not as its type usually is.")
    endpoint_id: str | None = None
    count: int = Field(default=1, ge=1, le=10_000)


@router.post("/tenants/{tenant_id}/events")
async def happen(request: Request, tenant_id: str, given: Happening) -> Response:
    """Let events happen on devices, with their alerts where the type raises one; return them."""
    tenant = tenant_named(request, tenant_id)
    kind = BY_TYPE.get(given.type)
    if kind is None:
        raise Refused(400, f"type: there is no {given.type}, only {', '.join(BY_TYPE)}")
    if given.severity:
        kind = replace(kind, severity=given.severity)
    devices = _devices(tenant, given.endpoint_id)
    try:
        happened = [tenant.signals.add(kind, devices[number % len(devices)]) for number in range(given.count)]
    except ValueError as error:
        raise Refused(400, f"count: {error}") from None
    items = [
        {"id": tenant.signals.id_of(one), "endpoint_id": tenant.fleet.id_at(one.device), "type": kind.type, "at": stamp(one.at)}
        for one in happened
    ]
    return answer({"items": [{**item, "alert": bool(kind.category)} for item in items]}, 201)


def _devices(tenant: Tenant, endpoint_id: str | None) -> "list[int] | range":
    if endpoint_id is None:
        if not tenant.fleet.ever:
            raise Refused(400, "The tenant has no endpoints")
        return range(tenant.fleet.ever)
    index = tenant.fleet.index_of(endpoint_id.lower())
    if index is None:
        raise Refused(400, "endpoint_id: no endpoint has it")
    return [index]
