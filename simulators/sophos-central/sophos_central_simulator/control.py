"""The control API: make tenants, change people, inject faults, see what was asked. Every call needs the control token."""

import random
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sophos_central_simulator.api import answer
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.faults import Fault
from sophos_central_simulator.people import uuid_from
from sophos_central_simulator.tenants import Switches, Tenant, Tenants

router = APIRouter(prefix="/_control")


class NewTenant(BaseModel):
    """A tenant to make."""

    model_config = ConfigDict(extra="forbid")

    seed: int = 7
    users: int = Field(default=1000, ge=0, le=1_000_000)
    awkward: bool = False
    email_domain: str = Field(default="example.com", pattern=r"^[a-z0-9.-]{1,200}$")


class Changes(BaseModel):
    """How many people change, join and leave; `leave_ids` leave for certain."""

    model_config = ConfigDict(extra="forbid")

    change: int = Field(default=0, ge=0)
    join: int = Field(default=0, ge=0)
    leave: int = Field(default=0, ge=0)
    leave_ids: list[str] = Field(default_factory=list)
    seed: int = 1


@router.get("/health")
async def health() -> Response:
    """Say that the simulator answers."""
    return answer({"state": "alive"})


@router.post("/tenants")
async def make(request: Request, given: NewTenant) -> Response:
    """Make a tenant with its own credential and people."""
    tenants: Tenants = request.app.state.tenants
    tenant = tenants.create(seed=given.seed, users=given.users, awkward=given.awkward, email_domain=given.email_domain)
    return answer(
        {
            "tenant_id": tenant.id,
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
            "data_region": request.app.state.base_url(request),
            "users": len(tenant.directory.users),
        },
        201,
    )


@router.get("/tenants/{tenant_id}")
async def read(request: Request, tenant_id: str) -> Response:
    """Count the people of a tenant."""
    users = _tenant(request, tenant_id).directory.users
    sources: dict[str, int] = {}
    for user in users.values():
        sources[user["source"]["type"]] = sources.get(user["source"]["type"], 0) + 1
    return answer({"users": len(users), "by_source": sources})


@router.get("/tenants/{tenant_id}/users")
async def users(request: Request, tenant_id: str, page: int = 1, pageSize: int = 1000) -> Response:  # noqa: N803 - Sophos' own spelling
    """Return people as id, e-mail and source type, page by page."""
    rows = list(_tenant(request, tenant_id).directory.users.values())[(page - 1) * pageSize : page * pageSize]
    return answer({"items": [_brief(row) for row in rows]})


@router.post("/tenants/{tenant_id}/changes")
async def change(request: Request, tenant_id: str, given: Changes) -> Response:
    """Let people change, join and leave; return who."""
    directory = _tenant(request, tenant_id).directory
    moved = directory.drift(
        random.Random(f"{given.seed}:changes"), change=given.change, join=given.join, leave=given.leave, leave_ids=given.leave_ids
    )
    return answer({name: [_brief(person) for person in people] for name, people in moved.items()})


@router.post("/tenants/{tenant_id}/users/{user_id}/return")
async def come_back(request: Request, tenant_id: str, user_id: str, given: dict[str, Any]) -> Response:
    """Let somebody who was deleted reappear with a new id, as after a sign-in or a directory sync."""
    directory = _tenant(request, tenant_id).directory
    person = {**directory.blank(), **given, "id": uuid_from(random.Random())}
    directory.add(person)
    return answer({"was": user_id, **_brief(person)}, 201)


@router.put("/tenants/{tenant_id}/switches")
async def switch(request: Request, tenant_id: str, given: Switches) -> Response:
    """Set the tenant's switches; those not given go back to their default."""
    _tenant(request, tenant_id).switches = given
    return answer(given.model_dump())


@router.post("/tenants/{tenant_id}/faults")
async def add_fault(request: Request, tenant_id: str, given: Fault) -> Response:
    """Queue a fault."""
    _tenant(request, tenant_id).faults.append(given)
    return answer(given.model_dump(), 201)


@router.delete("/tenants/{tenant_id}/faults")
async def clear_faults(request: Request, tenant_id: str) -> Response:
    """Remove every fault."""
    _tenant(request, tenant_id).faults.clear()
    return answer({})


@router.get("/tenants/{tenant_id}/requests")
async def requests(request: Request, tenant_id: str) -> Response:
    """Return how often each call was made, and the most recent ones."""
    tenant = _tenant(request, tenant_id)
    return answer({"total": tenant.counts.total(), "counts": dict(tenant.counts), "recent": list(tenant.recent)})


@router.delete("/tenants/{tenant_id}/requests")
async def forget_requests(request: Request, tenant_id: str) -> Response:
    """Count from zero."""
    tenant = _tenant(request, tenant_id)
    tenant.counts.clear()
    tenant.recent.clear()
    return answer({})


def _brief(user: dict[str, Any]) -> dict[str, Any]:
    return {"id": user["id"], "email": user.get("email"), "source_type": user["source"]["type"]}


def _tenant(request: Request, tenant_id: str) -> Tenant:
    tenants: Tenants = request.app.state.tenants
    if tenant_id not in tenants.by_id:
        raise Refused(404, "notFound", "No such tenant")
    return tenants.by_id[tenant_id]
