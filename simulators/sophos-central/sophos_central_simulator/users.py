"""Users of the directory: list, read, create, change, delete."""

from typing import Any

from fastapi import APIRouter, Request, Response

from sophos_central_simulator.errors import Refused
from sophos_central_simulator.queries import partial
from sophos_central_simulator.requests import answer, id_of, json_object, query_of, scoped, writable
from sophos_central_simulator.tenants import Tenant

Json = dict[str, Any]

USERS = "/common/v1/directory/users"
WRITABLE = ("name", "firstName", "lastName", "email", "exchangeLogin")
SORTABLE = ("id", "name", "firstName", "lastName", "email", "exchangeLogin", "createdAt", "updatedAt")
router = APIRouter()


@router.get(USERS)
async def list_users(request: Request) -> Response:
    """Return a page of users."""
    tenant = scoped(request)
    return answer(user_page(request, tenant))


@router.get(USERS + "/{user_id}")
async def read_user(request: Request, user_id: str) -> Response:
    """Return one user."""
    tenant = scoped(request)
    return answer(partial(user_of(tenant, user_id), query_of(request, tenant).many("fields")))


@router.post(USERS)
async def add_user(request: Request) -> Response:
    """Create a custom user."""
    tenant = writable(request)
    given = json_object(await request.body())
    fields = {name: value for name, value in _fields(given).items() if value is not None and (value or name != "email")}
    fields.setdefault("name", " ".join(fields[part] for part in ("firstName", "lastName") if fields.get(part)))
    if not fields["name"]:
        raise Refused(400, "name is missing")
    groups = _groups(tenant, given.get("groupIds") or [])
    _email_is_free(tenant, fields.get("email"), None)
    return answer(tenant.directory.create(fields, groups), 201)


@router.patch(USERS + "/{user_id}")
async def change_user(request: Request, user_id: str) -> Response:
    """Change a custom user; an e-mail that is empty or null is taken away."""
    tenant = writable(request)
    user = user_of(tenant, user_id)
    if user["id"] not in tenant.directory.users:
        raise Refused(404, "User not found")
    if _is_locked(tenant, user):
        raise Refused(409, "User is synced from Active Directory")
    fields = _fields(json_object(await request.body()))
    if "name" in fields and not fields["name"]:
        raise Refused(400, "name is missing")
    if fields.get("email") == "":
        fields["email"] = None
    if "email" in fields and fields["email"] is None and tenant.administration.has_user(user["id"]):
        raise Refused(409, "The email of an admin who signs in with it cannot be removed")
    _email_is_free(tenant, fields.get("email"), user["id"])
    return answer(tenant.directory.update(user["id"], fields))


@router.delete(USERS + "/{user_id}")
async def delete_user(request: Request, user_id: str) -> Response:
    """Delete a custom user. Answers 200 for one that nobody has, as Sophos does."""
    tenant = writable(request)
    user_id = id_of(user_id, tenant, "userId")
    user = tenant.directory.users.get(user_id)
    if user is None:
        return answer({"deleted": tenant.switches.deleted_unknown_answers})
    if _is_locked(tenant, user):
        raise Refused(409, "User is synced from Active Directory")
    tenant.directory.remove(user_id, lag=tenant.switches.list_lag, traces=tenant.switches.deleted_leave_traces)
    if tenant.switches.reappear:
        tenant.directory.bring_back(user_id, as_custom=True)
    return answer({"deleted": True})


def user_of(tenant: Tenant, user_id: str) -> Json:
    """Return the user whom a path names. Raises `Refused`."""
    user_id = id_of(user_id, tenant, "userId")
    user = tenant.directory.users.get(user_id) or tenant.directory.lately_gone(user_id, tenant.switches.deleted_readable_for)
    if user is None or user_id in tenant.switches.absent_for_reading:
        raise Refused(404, "User not found")
    return user


def user_page(request: Request, tenant: Tenant, group_id: str = "") -> Json:
    """Return the page of users that the query asks for, of one group if it is given. Raises `Refused`."""
    query = query_of(request, tenant)
    order, selection = query.order(SORTABLE), query.selection(WRITABLE, group_id)
    if not order and tenant.switches.unsorted == "turning":
        order = tenant.directory.turn()
    return query.page(tenant.directory.rows(order, selection, [one.lower() for one in query.many("ids")]))


def _is_locked(tenant: Tenant, user: Json) -> bool:
    """Return whether the user must be changed where it is synced from."""
    source = user["source"]["type"]
    return bool(source == "activeDirectory" or (source != "custom" and tenant.switches.azure_delete_conflicts))


def _fields(given: Json) -> Json:
    fields = {name: given[name] for name in WRITABLE if name in given}
    if wrong := [name for name, value in fields.items() if value is not None and not isinstance(value, str)]:
        raise Refused(400, f"{wrong[0]} is not text")
    return fields


def _groups(tenant: Tenant, chosen: Any) -> list[Json]:
    if not isinstance(chosen, list) or not all(isinstance(one, str) for one in chosen):
        raise Refused(400, "groupIds is not a list of ids")
    known = {group["id"]: group for group in tenant.directory.groups}
    if any(one.lower() in {group["id"] for group in tenant.directory.synced_groups} for one in chosen):
        raise Refused(409, "Group is synced from Active Directory")
    if any(one.lower() not in known for one in chosen):
        raise Refused(404, "Group not found")
    return [known[one] for one in dict.fromkeys(one.lower() for one in chosen)]


def _email_is_free(tenant: Tenant, email: str | None, owner: str | None) -> None:
    if email and tenant.directory.with_email(email) - {owner}:
        raise Refused(409, "Email is already in use")
