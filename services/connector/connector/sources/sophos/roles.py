"""The roles of a tenant's administrators, by the directory user who is one: read once, joined by what admins say of their users."""

from collections import defaultdict
from typing import Any, NamedTuple

from connector.sources.base import Note
from connector.sources.sophos.errors import AccessRefused, malformed
from connector.sources.sophos.in_tenant import NOT_FOUND, InTenant

ADMINS = "/common/v1/admins"
ROLES = "/common/v1/roles"
PAGE_SIZE = 100
MOST_PAGES = 100
"""Pages of administrators that are read: ten thousand administrators are no tenant's."""


class AdminRole(NamedTuple):
    """A role of administrators."""

    name: str
    id: str


RolesByUser = dict[str, list[AdminRole]]
"""Roles in the order of their names, by user id in lower case."""


async def roles_in(place: InTenant) -> tuple[RolesByUser | None, tuple[Note, ...]]:
    """Return who has which roles; None, and a note that says why, where the credential may not read that."""
    try:
        names = await _role_names(place)
        return (await _by_user(place, names), ()) if names is not None else (None, (_without(place, "Sophos has no such list"),))
    except AccessRefused as error:
        return None, (_without(place, error.message),)


async def _role_names(place: InTenant) -> dict[str, str] | None:
    answer = await place.get(ROLES)
    if answer.status == NOT_FOUND:
        return None
    roles = answer.body.get("items")
    if not isinstance(roles, list):
        raise malformed(f"GET {ROLES}", "is not a list of roles", answer)
    return {str(role["id"]).lower(): str(role.get("name") or role["id"]) for role in roles if isinstance(role, dict) and role.get("id")}


async def _by_user(place: InTenant, names: dict[str, str]) -> RolesByUser:
    found: dict[str, set[AdminRole]] = defaultdict(set)
    for number in range(1, MOST_PAGES + 1):
        answer = await place.get(ADMINS, {"page": str(number), "pageSize": str(PAGE_SIZE), "sort": "id:asc"})
        admins = answer.body.get("items")
        if not isinstance(admins, list):
            raise malformed(f"GET {ADMINS}", "is not a list of administrators", answer)
        for admin in admins:
            roles = {AdminRole(names.get(role, role), role) for role in _texts(admin, "roleAssignments", "roleId")}
            for user in _texts(admin, "users", "id"):
                found[user] |= roles
        if len(admins) < PAGE_SIZE:
            return {user: sorted(roles) for user, roles in found.items()}
    raise malformed(f"GET {ADMINS}", "goes on without end")


def _texts(admin: Any, under: str, key: str) -> list[str]:
    listed = admin.get(under) if isinstance(admin, dict) else None
    told = [one.get(key) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [one.lower() for one in told if isinstance(one, str)]


def _without(place: InTenant, why: str) -> Note:
    return Note(
        "sophos_roles_not_readable",
        f"the administrators of the tenant {place.tenant} cannot be read, so its users come without their roles: {why}",
        "Give the API credential a role that may read administrators, or leave admin_roles out of the input include.",
        about=place.tenant.id,
    )
