"""Admins and their role assignments, of a tenant and of a partner."""

from typing import Any

from fastapi import APIRouter, Request, Response

from sophos_central_simulator.administration import Administration, has_role
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.parents import parent_of
from sophos_central_simulator.queries import Query, partial
from sophos_central_simulator.requests import answer, caller, json_object, scoped, writable
from sophos_central_simulator.selecting import in_order

Json = dict[str, Any]

COMMON, PARTNER = "/common/v1/admins", "/partner/v1/admins"
SORTABLE = ("id", "createdAt", "updatedAt")
SEARCHABLE = {"username": "email", "name": "name", "firstName": "firstName", "lastName": "lastName", "email": "email"}
router = APIRouter()


@router.get(COMMON)
@router.get(PARTNER)
async def list_admins(request: Request) -> Response:
    """Return a page of admins."""
    query = query_in(request)
    rows = administration(request).admins()
    if role_id := query.params.get("roleId", "").lower():
        rows = [row for row in rows if has_role(row, role_id)]
    asked = query.many("searchFields")
    if any(name not in SEARCHABLE for name in asked):
        query.malformed("searchFields")
    if term := query.params.get("search", "").strip().casefold():
        fields = [SEARCHABLE[name] for name in asked if name in SEARCHABLE] or ["email"]
        rows = [row for row in rows if any(term in str(row["profile"].get(name, "")).casefold() for name in fields)]
    return answer(query.page(in_order(rows, query.order(SORTABLE))))


@router.post(COMMON)
@router.post(PARTNER)
async def add_admin(request: Request) -> Response:
    """Make a user of the directory an admin, or one of a partner's staff."""
    office = administration(request, write=True)
    given = json_object(await request.body())
    roles = given.get("roleAssignments")
    if not isinstance(roles, list) or len(roles) != 1 or not isinstance(roles[0], dict):
        raise Refused(400, "roleAssignments is not a list of one role")
    user = _user(request, _text(given, "userId").lower())
    if user is None:
        raise Refused(404, "User not found")
    return answer(office.add_admin(user, _text(roles[0], "roleId")), 201)


@router.get(COMMON + "/{admin_id}")
@router.get(PARTNER + "/{admin_id}")
async def read_admin(request: Request, admin_id: str) -> Response:
    """Return one admin."""
    return answer(partial(administration(request).admin(admin_id), query_in(request).many("fields")))


@router.delete(COMMON + "/{admin_id}")
@router.delete(PARTNER + "/{admin_id}")
async def delete_admin(request: Request, admin_id: str) -> Response:
    """Take an admin's rights away; their users stay."""
    administration(request, write=True).delete_admin(admin_id)
    return answer({"deleted": True})


@router.get(COMMON + "/{admin_id}/role-assignments")
@router.get(PARTNER + "/{admin_id}/role-assignments")
async def list_assignments(request: Request, admin_id: str) -> Response:
    """Return an admin's roles, not paged."""
    return answer({"items": administration(request).admin(admin_id)["roleAssignments"]})


@router.post(COMMON + "/{admin_id}/role-assignments")
@router.post(PARTNER + "/{admin_id}/role-assignments")
async def assign(request: Request, admin_id: str) -> Response:
    """Give an admin a role in the place of the one before."""
    office = administration(request, write=True)
    return answer(office.assign(admin_id, _text(json_object(await request.body()), "roleId")), 201)


@router.get(COMMON + "/{admin_id}/role-assignments/{assignment_id}")
@router.get(PARTNER + "/{admin_id}/role-assignments/{assignment_id}")
async def read_assignment(request: Request, admin_id: str, assignment_id: str) -> Response:
    """Return one assignment."""
    return answer(administration(request).assignment(admin_id, assignment_id))


@router.delete(COMMON + "/{admin_id}/role-assignments/{assignment_id}")
@router.delete(PARTNER + "/{admin_id}/role-assignments/{assignment_id}")
async def unassign(request: Request, admin_id: str, assignment_id: str) -> Response:
    """Take a role from an admin."""
    administration(request, write=True).unassign(admin_id, assignment_id)
    return answer({"deleted": True})


def _user(request: Request, user_id: str) -> Json | None:
    """Return who could be an admin: somebody of the tenant's directory, or of the partner's staff."""
    if not request.url.path.startswith("/partner/"):
        return scoped(request).directory.users.get(user_id)
    return next((one for one in parent_of(request).staff if one["id"] == user_id), None)


def administration(request: Request, *, write: bool = False) -> Administration:
    """Return the administration of the tenant, or of the partner, that the path and headers name. Raises `Refused`."""
    if not request.url.path.startswith("/partner/"):
        return (writable if write else scoped)(request).administration
    parent = parent_of(request)
    if write and parent.switches.read_only:
        raise Refused(403, "Access is denied")
    return parent.administration


def query_in(request: Request) -> Query:
    """Return the request's query, read as the caller's switches say. Raises `Refused` (401)."""
    return Query(request.query_params, caller(request).switches)


def _text(given: Json, name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(400, f"{name} is missing")
    return value
