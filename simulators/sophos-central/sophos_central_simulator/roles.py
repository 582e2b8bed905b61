"""Roles that admins and credentials can have: predefined ones, and custom ones to make, change and delete. Their list is not paged."""

from typing import Any

from fastapi import APIRouter, Request, Response

from sophos_central_simulator.administration import PERMISSION_SETS
from sophos_central_simulator.admins import administration, query_in
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.queries import partial
from sophos_central_simulator.requests import answer, json_object

Json = dict[str, Any]

COMMON, PARTNER = "/common/v1/roles", "/partner/v1/roles"
FILTERS = {"type": frozenset({"predefined", "custom"}), "principalType": frozenset({"user", "service"})}
router = APIRouter()


@router.get(COMMON)
@router.get(PARTNER)
async def list_roles(request: Request) -> Response:
    """Return every role that the filters let through."""
    rows, query = list(administration(request).roles.values()), query_in(request)
    for name, known in FILTERS.items():
        wanted = query.params.get(name, "")
        if wanted and wanted not in known:
            query.malformed(name)
        elif wanted:
            rows = [row for row in rows if row[name] == wanted]
    return answer({"items": [partial(row, query.many("fields")) for row in rows]})


@router.get(COMMON + "/permission-sets")
@router.get(PARTNER + "/permission-sets")
async def permission_sets(request: Request) -> Response:
    """Return what a role can be made of."""
    administration(request)
    return answer({"items": [{"id": name, "name": name} for name in PERMISSION_SETS]})


@router.get(COMMON + "/{role_id}")
@router.get(PARTNER + "/{role_id}")
async def read_role(request: Request, role_id: str) -> Response:
    """Return one role."""
    return answer(partial(administration(request).role(role_id), query_in(request).many("fields")))


@router.post(COMMON)
@router.post(PARTNER)
async def add_role(request: Request) -> Response:
    """Make a custom role."""
    office = administration(request, write=True)
    given = _checked(json_object(await request.body()))
    if not given.get("name"):
        raise Refused(400, "name is missing")
    principal = given.get("principalType", "user")
    return answer(office.add_role(given["name"], given.get("description", ""), principal, given.get("permissionSets", [])), 201)


@router.patch(COMMON + "/{role_id}")
@router.patch(PARTNER + "/{role_id}")
async def change_role(request: Request, role_id: str) -> Response:
    """Change a custom role."""
    office = administration(request, write=True)
    given = _checked(json_object(await request.body()))
    return answer(office.change_role(role_id, {name: value for name, value in given.items() if name != "principalType"}))


@router.delete(COMMON + "/{role_id}")
@router.delete(PARTNER + "/{role_id}")
async def delete_role(request: Request, role_id: str) -> Response:
    """Delete a custom role."""
    administration(request, write=True).delete_role(role_id)
    return answer({"deleted": True})


def _checked(given: Json) -> Json:
    """Return the fields of a role. Raises `Refused` (400)."""
    fields: Json = {name: given[name] for name in ("name", "description", "principalType", "permissionSets") if name in given}
    sets = fields.get("permissionSets", [])
    if not isinstance(sets, list) or not all(one in PERMISSION_SETS for one in sets):
        raise Refused(400, "permissionSets has a set that does not exist")
    if wrong := [name for name, value in fields.items() if name != "permissionSets" and not isinstance(value, str)]:
        raise Refused(400, f"{wrong[0]} is not text")
    if fields.get("principalType", "user") not in FILTERS["principalType"]:
        raise Refused(400, "principalType is not valid")
    if fields.get("name") == "":
        raise Refused(400, "name is missing")
    return fields
