"""Endpoints: list, read, delete."""

from typing import Any

from fastapi import APIRouter, Request, Response

from sophos_central_simulator.device_filters import tests_of
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.keys import keyed_page, row_of_key, sorted_from
from sophos_central_simulator.queries import Query, partial
from sophos_central_simulator.requests import answer, id_of, json_object, query_of, scoped, tenants_of, writable
from sophos_central_simulator.tenants import Tenant

Json = dict[str, Any]

ENDPOINTS = "/endpoint/v1/endpoints"
LARGEST_SIZE = 500
SORTABLE = ("id", "type", "hostname", "serialNumber", "lastSeenAt", "lastOsUpdateAt", "lastAgentUpdateAt", "online")
BASIC = frozenset({"id", "type", "tenant", "hostname"})
ONLY_IN_FULL = frozenset({"cloud", "cloned", "serialNumber", "lastOsUpdateAt", "lastAgentUpdateAt"})
"""Which fields the middle view lacks is our guess."""
VIEWS = ("basic", "summary", "full")
router = APIRouter()


@router.get(ENDPOINTS)
async def list_endpoints(request: Request) -> Response:
    """Return a page of endpoints, from a key on."""
    tenant = scoped(request)
    query = query_of(request, tenant)
    return answer(_page(tenant, query, tests_of(query, tenants_of(request).clock.now())))


@router.get(ENDPOINTS + "/{endpoint_id}")
async def read_endpoint(request: Request, endpoint_id: str) -> Response:
    """Return one endpoint, whole unless a view is asked for."""
    tenant = scoped(request)
    query = query_of(request, tenant)
    return answer(partial(_viewed(endpoint_of(tenant, endpoint_id), _view(query, "full")), query.many("fields")))


@router.delete(ENDPOINTS + "/{endpoint_id}")
async def delete_endpoint(request: Request, endpoint_id: str) -> Response:
    """Delete one endpoint; of one that nobody has the answer is as for users."""
    tenant = writable(request)
    there = tenant.fleet.delete(id_of(endpoint_id, tenant, "endpointId"))
    return answer({"deleted": there or tenant.switches.deleted_unknown_answers})


@router.post(ENDPOINTS + "/delete")
async def delete_endpoints(request: Request) -> Response:
    """Delete several endpoints; name those that were there."""
    tenant = writable(request)
    asked = ids_in(json_object(await request.body()), "endpointIds", tenant)
    return answer({"endpointIds": [one for one in asked if tenant.fleet.delete(one)]})


def endpoint_of(tenant: Tenant, endpoint_id: str) -> Json:
    """Return the endpoint that a path names. Raises `Refused`."""
    device = tenant.fleet.get(id_of(endpoint_id, tenant, "endpointId"))
    if device is None:
        raise Refused(404, "Endpoint not found")
    return device


def ids_in(given: Json, name: str, tenant: Tenant) -> list[str]:
    """Return the ids in a body, each once. Raises `Refused` (400)."""
    ids = given.get(name)
    if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
        raise Refused(400, f"{name} is not a list of ids")
    return list(dict.fromkeys(id_of(one, tenant, name) for one in ids))


def _page(tenant: Tenant, query: Query, tests: list[Any]) -> Json:
    order, view = query.order(SORTABLE), _view(query, "summary")
    first = row_of_key(query, order)
    if order:
        rows = iter(sorted_from([row for row in tenant.fleet.starting() if all(test(row) for test in tests)], order, first))
    else:
        rows = (row for row in tenant.fleet.starting(first.get("id", "")) if all(test(row) for test in tests))

    def count() -> int:
        return sum(all(test(row) for test in tests) for row in tenant.fleet.starting()) if tests else len(tenant.fleet)

    return keyed_page(query, LARGEST_SIZE, order, rows, count=count, shown=lambda row: _viewed(row, view))


def _view(query: Query, usual: str) -> str:
    view = query.params.get("view", usual)
    if view in VIEWS:
        return view
    query.malformed("view")
    return usual


def _viewed(row: Json, view: str) -> Json:
    if view == "full":
        return row
    return {name: value for name, value in row.items() if (name in BASIC if view == "basic" else name not in ONLY_IN_FULL)}
