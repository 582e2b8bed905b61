"""The tenants that a partner or an organization may speak for."""

from fastapi import APIRouter, Request, Response

from sophos_central_simulator.errors import Refused
from sophos_central_simulator.queries import Query, partial
from sophos_central_simulator.requests import answer, base_url, caller, id_of
from sophos_central_simulator.tenants import Parent

HEADERS = {"partner": "x-partner-id", "organization": "x-organization-id"}
router = APIRouter()


@router.get("/partner/v1/tenants")
@router.get("/organization/v1/tenants")
async def list_tenants(request: Request) -> Response:
    """Return a page of tenants."""
    parent = parent_of(request)
    query = Query(request.query_params, parent.switches)
    return answer(query.page(parent.shown(base_url(request))))


@router.get("/partner/v1/tenants/{tenant_id}")
@router.get("/organization/v1/tenants/{tenant_id}")
async def read_tenant(request: Request, tenant_id: str) -> Response:
    """Return one tenant."""
    parent = parent_of(request)
    tenant_id = id_of(tenant_id, parent, "tenantId")
    for row in parent.shown(base_url(request)):
        if row["id"].lower() == tenant_id:
            return answer(partial(row, Query(request.query_params, parent.switches).many("fields")))
    raise Refused(404, "Tenant not found")


def parent_of(request: Request) -> Parent:
    """Return the caller, a partner or organization as the path says, which the kind's header must name. Raises `Refused` (401, 403)."""
    asked = caller(request)
    kind = request.url.path.lstrip("/").partition("/")[0]
    named = request.headers.get(HEADERS[kind], "").strip()
    if not named:
        raise Refused(401)
    if not isinstance(asked, Parent) or asked.kind != kind or named.lower() != asked.id.lower():
        raise Refused(403)
    return asked
