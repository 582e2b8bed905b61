"""The control API: make tenants, change people, inject faults, see what was asked. Every call but health needs the control token."""

import asyncio
import random
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sophos_central_simulator.errors import Refused
from sophos_central_simulator.faults import Fault
from sophos_central_simulator.requests import answer, base_url, tenants_of
from sophos_central_simulator.settings import DOMAIN, MOST_EVENTS_PER_DAY, MOST_USERS
from sophos_central_simulator.switches import Switches
from sophos_central_simulator.tenants import Parent, Tenant

router = APIRouter(prefix="/_control")
Page = Annotated[int, Query(ge=1, le=1_000_000)]
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=10_000)]


class NewTenant(BaseModel):
    """A tenant to make."""

    model_config = ConfigDict(extra="forbid")

    seed: int = 7
    users: int = Field(default=1000, ge=0, le=MOST_USERS)
    awkward: bool = False
    email_domain: str = Field(default="example.com", pattern=DOMAIN)
    endpoints: int = Field(default=0, ge=0, le=MOST_USERS)
    events_per_day: int = Field(default=0, ge=0, le=MOST_EVENTS_PER_DAY)


class NewParent(NewTenant):
    """A partner or an organization to make; what is said of users is of each tenant."""

    kind: Literal["partner", "organization"] = "partner"
    users: int = Field(default=10, ge=0, le=MOST_USERS)
    tenants: int = Field(default=4, ge=0, le=1000)
    without_api_host: int = Field(default=1, ge=0)
    refusing: int = Field(default=1, ge=0)


class Changes(BaseModel):
    """How many people change, join and leave; `leave_ids` leave for certain. Without a seed each call chooses others."""

    model_config = ConfigDict(extra="forbid")

    change: int = Field(default=0, ge=0, le=MOST_USERS)
    join: int = Field(default=0, ge=0, le=MOST_USERS)
    leave: int = Field(default=0, ge=0, le=MOST_USERS)
    leave_ids: list[str] = Field(default_factory=list)
    seed: int | None = None


class Return(BaseModel):
    """How somebody who was removed comes back: as a custom user who signs in on a device, or as they were, by a directory sync."""

    model_config = ConfigDict(extra="forbid")

    how: Literal["sign_in", "sync"] = "sign_in"


@router.get("/health")
async def health() -> Response:
    """Say that the simulator answers."""
    return answer({"state": "alive"})


@router.post("/tenants")
async def make(request: Request, given: NewTenant) -> Response:
    """Make a tenant with its own credential and people. In a thread: a hundred thousand people take a second or two."""
    made = given.model_dump()
    tenant = await asyncio.to_thread(lambda: tenants_of(request).create(**made))
    return answer(
        {
            "tenant_id": tenant.id,
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
            "data_region": base_url(request),
            "users": len(tenant.directory.users),
            "endpoints": len(tenant.fleet),
        },
        201,
    )


@router.post("/parents")
async def make_parent(request: Request, given: NewParent) -> Response:
    """Make a partner or an organization with several tenants. Switches, faults and requests are under `/tenants/{its id}` too."""
    made = given.model_dump()
    parent = await asyncio.to_thread(lambda: tenants_of(request).create_parent(made.pop("kind"), **made))
    credential = {"client_id": parent.client_id, "client_secret": parent.client_secret}
    tenants = [
        {
            "tenant_id": one.id,
            "email_domain": one.directory.domain,
            "users": len(one.directory.users),
            "refuses": one.switches.refuses_parents,
        }
        for one in parent.tenants
    ]
    return answer({"id": parent.id, "kind": parent.kind, **credential, "tenants": tenants}, 201)


@router.get("/tenants")
async def tenants(request: Request) -> Response:
    """Return all tenants, without their secrets."""
    return answer({"items": [{"tenant_id": tenant.id, **_state(tenant)} for tenant in tenants_of(request).by_id.values()]})


@router.get("/tenants/{tenant_id}")
async def read(request: Request, tenant_id: str) -> Response:
    """Count the people of a tenant by source type, and show its switches and waiting faults."""
    tenant = tenant_named(request, tenant_id)
    shown = {"switches": tenant.switches.model_dump(), "faults": [fault.model_dump() for fault in tenant.faults]}
    return answer({**_state(tenant), **shown})


@router.delete("/tenants/{tenant_id}")
async def drop(request: Request, tenant_id: str) -> Response:
    """Forget a tenant."""
    tenants_of(request).forget(tenant_named(request, tenant_id))
    return answer({})


@router.get("/tenants/{tenant_id}/users")
async def users(request: Request, tenant_id: str, page: Page = 1, size: PageSize = 1000) -> Response:
    """Return people as id, e-mail and source type, page by page."""
    directory = tenant_named(request, tenant_id).directory
    rows = directory.rows()[(page - 1) * size : page * size]
    return answer({"items": [_brief(row) for row in rows], "total": len(directory.users)})


@router.post("/tenants/{tenant_id}/changes")
async def change(request: Request, tenant_id: str, given: Changes) -> Response:
    """Let people change, join and leave; return who."""
    directory = tenant_named(request, tenant_id).directory
    seed = directory.next_move() if given.seed is None else given.seed
    moved = directory.drift(random.Random(f"{seed}:changes"), **given.model_dump(exclude={"seed"}))
    return answer({name: [_brief(person) for person in people] for name, people in moved.items()})


@router.post("/tenants/{tenant_id}/users/{user_id}/return")
async def come_back(request: Request, tenant_id: str, user_id: str, given: Return) -> Response:
    """Let somebody who was removed reappear with a new id."""
    person = tenant_named(request, tenant_id).directory.bring_back(user_id, as_custom=given.how == "sign_in")
    if person is None:
        raise Refused(404, "Nobody with this id was removed")
    return answer({"was": user_id, **_brief(person)}, 201)


@router.put("/tenants/{tenant_id}/switches")
async def switch(request: Request, tenant_id: str, given: Switches) -> Response:
    """Set the tenant's switches; those not given go back to their default."""
    _caller(request, tenant_id).switches = given
    return answer(given.model_dump())


@router.patch("/tenants/{tenant_id}/switches")
async def switch_some(request: Request, tenant_id: str, given: dict[str, Any]) -> Response:
    """Set some of the tenant's switches."""
    tenant = _caller(request, tenant_id)
    try:
        tenant.switches = Switches.model_validate({**tenant.switches.model_dump(), **given})
    except ValidationError as error:
        raise Refused(400, "; ".join(f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors())) from None
    return answer(tenant.switches.model_dump())


@router.post("/tenants/{tenant_id}/faults")
async def add_fault(request: Request, tenant_id: str, given: Fault) -> Response:
    """Queue a fault."""
    _caller(request, tenant_id).faults.append(given)
    return answer(given.model_dump(), 201)


@router.delete("/tenants/{tenant_id}/faults")
async def clear_faults(request: Request, tenant_id: str) -> Response:
    """Remove every fault."""
    _caller(request, tenant_id).faults.clear()
    return answer({})


@router.get("/tenants/{tenant_id}/requests")
async def requests(request: Request, tenant_id: str) -> Response:
    """Return how often each call was made, and the most recent ones with their status (null: no answer was sent)."""
    tenant = _caller(request, tenant_id)
    counted = {"total": tenant.counts.total(), "counts": dict(tenant.counts), "sign_ins": tenant.sign_ins}
    return answer({**counted, "recent": list(tenant.recent)})


@router.delete("/tenants/{tenant_id}/requests")
async def forget_requests(request: Request, tenant_id: str) -> Response:
    """Count from zero."""
    _caller(request, tenant_id).forget_requests()
    return answer({})


def _state(tenant: Tenant) -> dict[str, Any]:
    directory = tenant.directory
    counted = {"users": len(directory.users), "by_source": directory.by_source(), "endpoints": len(tenant.fleet)}
    return {"client_id": tenant.client_id, "email_domain": directory.domain, **counted}


def _brief(user: dict[str, Any]) -> dict[str, Any]:
    return {"id": user["id"], "email": user.get("email"), "source_type": user["source"]["type"]}


def _caller(request: Request, caller_id: str) -> Tenant | Parent:
    found = tenants_of(request).find(caller_id)
    if found is None:
        raise Refused(404, "No such tenant, partner or organization")
    return found


def tenant_named(request: Request, tenant_id: str) -> Tenant:
    """Return the tenant that a path names. Raises `Refused` (404)."""
    by_id = tenants_of(request).by_id
    if tenant_id not in by_id:
        raise Refused(404, "No such tenant")
    return by_id[tenant_id]
