"""Users with what the directory does not say with them: all their groups by name, and their roles as administrators."""

import asyncio
from dataclasses import replace
from typing import Any

from connector.sources.base import Access, Cursor, Input, Note, Observed, SourcePage
from connector.sources.sophos.across import AcrossTenants, TenantListing
from connector.sources.sophos.api import Account, SophosCentral
from connector.sources.sophos.groups import group_records
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.roles import AdminRole, RolesByUser, roles_in
from connector.sources.sophos.tenants import chosen_tenants
from connector.sources.sophos.users import UsersListing
from shared.errors import Invalid
from shared.events.sources import ProofOfAbsence

INCLUDE = "include"
GROUPS, ADMIN_ROLES = "groups", "admin_roles"
CHOICES = [GROUPS, ADMIN_ROLES]
MOST_GROUP_READS = 500
"""Users of one run whose groups are asked for one by one, because the list cuts them."""


def wanted(inputs: tuple[Input, ...]) -> frozenset[str]:
    """Return what the integration asks to be added. Raises `Invalid` for what cannot be."""
    given = next((one for one in inputs if one.key == INCLUDE), None)
    chosen = {one.strip() for one in given.value.split(",")} - {""} if given is not None else set()
    if given is not None and (unknown := chosen - set(CHOICES)):
        message = f"{given.origin} names {min(unknown)[:60]!r}, which cannot be included"
        remedy = f"Use any of: {', '.join(CHOICES)}."
        raise Invalid(message, remedy=remedy, fields=[{"field": INCLUDE, "message": message, "remedy": remedy}])
    return frozenset(chosen)


async def enriched_users_of(central: SophosCentral, access: Access) -> AcrossTenants:
    """Sign in, find the tenants and their hosts, compare the inputs; return the users with what the integration asks for."""
    include = wanted(access.inputs)
    account = Account(central, access)
    return AcrossTenants(account, await chosen_tenants(account), enriched(UsersListing(central.page_size), include))


def enriched(listing: TenantListing, include: frozenset[str]) -> TenantListing:
    """Return a listing whose users say more, or the very one when nothing more is asked for."""
    return EnrichedUsers(listing, include) if include else listing


class EnrichedUsers:
    """A listing whose users say more. What is read beside them is read once for a tenant."""

    def __init__(self, listing: TenantListing, include: frozenset[str]) -> None:
        self._listing = listing
        self._include = include
        self._roles: dict[str, RolesByUser | None] = {}
        self._notes: list[Note] = []
        self._group_reads = 0
        self._lock = asyncio.Lock()

    async def page(self, place: InTenant, cursor: Cursor | None) -> SourcePage:
        """Return one page, each user with what was asked for."""
        page = await self._listing.page(place, cursor)
        users = [Observed(user.source_id, await self._more(place, user)) for user in page.users]
        notes, self._notes = tuple(self._notes), []
        return replace(page, users=users, notes=(*page.notes, *notes))

    async def look_for(self, place: InTenant, source_id: str) -> ProofOfAbsence | Observed:
        """Ask for one user by id; who is there says as much as in a listing."""
        seen = await self._listing.look_for(place, source_id)
        return Observed(seen.source_id, await self._more(place, seen)) if isinstance(seen, Observed) else seen

    async def _more(self, place: InTenant, user: Observed) -> dict[str, Any]:
        record = user.record
        if ADMIN_ROLES in self._include:
            roles = await self._roles_in(place)
            # Where they cannot be read nothing is said: an empty list would say that nobody is an administrator.
            record = record if roles is None else {**record, "adminRoles": _with_ids(roles.get(user.source_id.lower(), []))}
        if GROUPS in self._include:
            record = {**record, "groupNames": _named(sorted(await self._groups_of(place, user)))}
        return record

    async def _roles_in(self, place: InTenant) -> RolesByUser | None:
        async with self._lock:
            if place.tenant.id not in self._roles:
                self._roles.clear()  # One tenant at a time: a partner has thousands.
                self._roles[place.tenant.id], notes = await roles_in(place)
                self._notes += notes
            return self._roles[place.tenant.id]

    async def _groups_of(self, place: InTenant, user: Observed) -> list[str]:
        told = user.record.get("groups")
        groups = told if isinstance(told, dict) else {}
        items, total = groups.get("items"), groups.get("total")
        listed = items if isinstance(items, list) else []
        if isinstance(total, int) and total > len(listed):
            if self._group_reads >= MOST_GROUP_READS:
                self._notes.append(_groups_cut(place))
            else:
                self._group_reads += 1
                listed = await group_records(place, user.source_id)
        return [str(group.get("displayName") or group.get("name") or group.get("id")) for group in listed if isinstance(group, dict)]


def _named(names: list[str]) -> dict[str, Any]:
    """Return names as a list, for fields that hold several, and as one text, for those that do not."""
    return {"names": names, "text": ", ".join(names)}


def _with_ids(roles: list[AdminRole]) -> dict[str, Any]:
    """Return the roles of an administrator, also by their ids: a role may be renamed."""
    return {**_named([role.name for role in roles]), "ids": [role.id for role in roles]}


def _groups_cut(place: InTenant) -> Note:
    return Note(
        "sophos_groups_cut",
        f"more than {MOST_GROUP_READS} users are in more groups than the list shows; the others come with those that it shows",
        "Leave groups out of the input include if they are not needed.",
        about=place.tenant.id,
    )
