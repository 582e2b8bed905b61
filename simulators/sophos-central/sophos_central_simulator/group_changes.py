"""Groups of the directory, to change: make, edit and delete them, and put users in and out from either side."""

from typing import Any

from fastapi import APIRouter, Request, Response

from sophos_central_simulator.endpoints import ids_in
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.groups import GROUPS, group_of
from sophos_central_simulator.requests import answer, id_of, json_object, query_of, writable
from sophos_central_simulator.tenants import Tenant
from sophos_central_simulator.users import USERS, user_of

Json = dict[str, Any]

router = APIRouter()


@router.post(GROUPS)
async def add_group(request: Request) -> Response:
    """Make a custom group, with users if they are named."""
    tenant = writable(request)
    given = json_object(await request.body())
    fields = _fields(given)
    if not fields.get("name"):
        raise Refused(400, "name is missing")
    _name_is_free(tenant, fields["name"], "")
    users = [user_of(tenant, one)["id"] for one in ids_in(given, "userIds", tenant)] if given.get("userIds") else []
    group_id = tenant.directory.add_group(fields["name"], fields.get("description", ""))
    for user_id in users:
        tenant.directory.join_group(user_id, group_id)
    return answer(group_of(tenant, group_id), 201)


@router.patch(GROUPS + "/{group_id}")
async def change_group(request: Request, group_id: str) -> Response:
    """Change a custom group's name or description."""
    tenant = writable(request)
    group = _custom(tenant, group_id)
    fields = _fields(json_object(await request.body()))
    if "name" in fields:
        if not fields["name"]:
            raise Refused(400, "name is missing")
        _name_is_free(tenant, fields["name"], group["id"])
    tenant.directory.change_group(group["id"], fields)
    return answer(group_of(tenant, group["id"]))


@router.delete(GROUPS + "/{group_id}")
async def delete_group(request: Request, group_id: str) -> Response:
    """Delete a custom group that is empty."""
    tenant = writable(request)
    group = _custom(tenant, group_id)
    if not tenant.directory.is_empty(group["id"]):
        raise Refused(409, "Group has members")
    tenant.directory.delete_group(group["id"])
    return answer({"deleted": True})


@router.post(GROUPS + "/{group_id}/users")
async def put_users(request: Request, group_id: str) -> Response:
    """Put users into a group: all of them, or none when one is unknown."""
    tenant = writable(request)
    group = _custom(tenant, group_id)
    users = [user_of(tenant, one) for one in ids_in(json_object(await request.body()), "ids", tenant)]
    for user in users:
        tenant.directory.join_group(user["id"], group["id"])
    return answer({"addedUsers": [{"id": user["id"], "name": user["name"]} for user in users]}, 201)


@router.delete(GROUPS + "/{group_id}/users")
async def take_users(request: Request, group_id: str) -> Response:
    """Take users out of a group; name those who were not in it."""
    tenant = writable(request)
    group = _custom(tenant, group_id)
    removed, missing = _split(_asked(request, tenant), lambda one: tenant.directory.leave_group(one, group["id"]))
    return answer({"removedUsers": removed, "errors": {"usersNotFound": missing}})


@router.post(USERS + "/{user_id}/groups")
async def put_into_groups(request: Request, user_id: str) -> Response:
    """Put a user into groups: all of them, or none when one is unknown."""
    tenant = writable(request)
    user = user_of(tenant, user_id)
    groups = [_custom(tenant, one) for one in ids_in(json_object(await request.body()), "ids", tenant)]
    for group in groups:
        tenant.directory.join_group(user["id"], group["id"])
    return answer({"addedToGroups": [{"id": group["id"], "name": group["name"]} for group in groups]}, 201)


@router.delete(USERS + "/{user_id}/groups")
async def take_out_of_groups(request: Request, user_id: str) -> Response:
    """Take a user out of groups; name those that they were not in."""
    tenant = writable(request)
    user = user_of(tenant, user_id)
    asked = _asked(request, tenant)
    if any(one in {group["id"] for group in tenant.directory.synced_groups} for one in asked):
        raise Refused(409, "Group is synced from Active Directory")
    removed, missing = _split(asked, lambda one: tenant.directory.leave_group(user["id"], one))
    return answer({"removedFromGroups": removed, "errors": {"groupsNotFound": missing}})


@router.delete(GROUPS + "/{group_id}/users/{user_id}")
@router.delete(USERS + "/{user_id}/groups/{group_id}")
async def take_one(request: Request, group_id: str, user_id: str) -> Response:
    """Take one user out of one group."""
    tenant = writable(request)
    group, user = _custom(tenant, group_id), user_of(tenant, user_id)
    return answer({"removed": tenant.directory.leave_group(user["id"], group["id"])})


def _custom(tenant: Tenant, group_id: str) -> Json:
    """Return a group that may be changed here. Raises `Refused` (404, 409)."""
    group = group_of(tenant, group_id)
    if group["source"]["type"] != "custom":
        raise Refused(409, "Group is synced from Active Directory")
    return group


def _fields(given: Json) -> dict[str, str]:
    fields: Json = {name: given[name] for name in ("name", "description") if name in given}
    if wrong := [name for name, value in fields.items() if not isinstance(value, str)]:
        raise Refused(400, f"{wrong[0]} is not text")
    return fields


def _name_is_free(tenant: Tenant, name: str, group_id: str) -> None:
    directory = tenant.directory
    if any(one["name"].lower() == name.lower() and one["id"] != group_id for one in [*directory.groups, *directory.synced_groups]):
        raise Refused(409, "Name is already in use")


def _asked(request: Request, tenant: Tenant) -> list[str]:
    ids = [id_of(one, tenant, "ids") for one in query_of(request, tenant).many("ids")]
    if not ids:
        raise Refused(400, "ids is missing")
    return list(dict.fromkeys(ids))


def _split(ids: list[str], take: Any) -> tuple[list[Json], list[Json]]:
    taken = {one: take(one) for one in ids}
    return [{"id": one} for one in ids if taken[one]], [{"id": one} for one in ids if not taken[one]]
