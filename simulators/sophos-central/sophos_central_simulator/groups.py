"""Groups of the directory, to read: all of them, one, its users, and those of a user."""

from typing import Any

from fastapi import APIRouter, Request, Response

from sophos_central_simulator.errors import Refused
from sophos_central_simulator.queries import Query, partial
from sophos_central_simulator.requests import answer, id_of, query_of, scoped
from sophos_central_simulator.selecting import groups_of, in_order
from sophos_central_simulator.tenants import Tenant
from sophos_central_simulator.users import USERS, user_of, user_page

Json = dict[str, Any]

GROUPS = "/common/v1/directory/user-groups"
SORTABLE = ("id", "name", "createdAt", "updatedAt")
SEARCHABLE = ("name", "description")
router = APIRouter()


@router.get(GROUPS)
async def list_groups(request: Request) -> Response:
    """Return a page of groups; with `userId`, of those that the user is in."""
    tenant = scoped(request)
    query = query_of(request, tenant)
    rows = _all(tenant)
    if user_id := query.params.get("userId"):
        mine = {group["id"] for group in groups_of(tenant.directory.users.get(user_id.lower(), {}))}
        rows = [row for row in rows if row["id"] in mine]
    return answer(_page(query, rows))


@router.get(GROUPS + "/{group_id}")
async def read_group(request: Request, group_id: str) -> Response:
    """Return one group."""
    tenant = scoped(request)
    return answer(partial(group_of(tenant, group_id), query_of(request, tenant).many("fields")))


@router.get(GROUPS + "/{group_id}/users")
async def users_of_group(request: Request, group_id: str) -> Response:
    """Return a page of a group's users."""
    tenant = scoped(request)
    return answer(user_page(request, tenant, group_of(tenant, group_id)["id"]))


@router.get(USERS + "/{user_id}/groups")
async def groups_of_user(request: Request, user_id: str) -> Response:
    """Return a page of a user's groups."""
    tenant = scoped(request)
    mine = {group["id"] for group in groups_of(user_of(tenant, user_id))}
    return answer(_page(query_of(request, tenant), [row for row in _all(tenant) if row["id"] in mine]))


def _page(query: Query, rows: list[Json]) -> Json:
    ids = {one.lower() for one in query.many("ids")}
    rows = query.selection(SEARCHABLE).among([row for row in rows if not ids or row["id"] in ids])
    return query.page(in_order(rows, query.order(SORTABLE)))


def group_of(tenant: Tenant, group_id: str) -> Json:
    """Return the group that a path names. Raises `Refused`."""
    group_id = id_of(group_id, tenant, "groupId")
    for row in _all(tenant):
        if row["id"] == group_id:
            return row
    raise Refused(404, "Group not found")


def _all(tenant: Tenant) -> list[Json]:
    directory = tenant.directory
    sources = (("custom", directory.groups), ("activeDirectory", directory.synced_groups))
    return [_shown(tenant, group, source) for source, groups in sources for group in groups]


def _shown(tenant: Tenant, group: Json, source: str) -> Json:
    total, members = tenant.directory.members(group["id"])
    items = [{"id": user["id"], "name": user["name"]} for user in members]
    return {
        **group,
        **tenant.directory.group_details(group["id"]),
        "source": {"type": source},
        "users": {"total": total, "itemsCount": len(items), "items": items},
        "tenant": {"id": tenant.id},
    }
