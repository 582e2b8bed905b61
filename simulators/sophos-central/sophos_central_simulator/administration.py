"""Who administers a tenant or a partner: roles, admins, and which admin has which role."""

from collections.abc import Callable
from typing import Any

from sophos_central_simulator.clock import Clock
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.people import EPOCH, stamp
from sophos_central_simulator.spread import SpreadIds, key_of

Json = dict[str, Any]

SUPER_ADMIN = "Super Admin"
PERMISSION_SETS = ("central_admin", "endpoint_product_admin", "central_read_only", "service_api")
ROLES = (
    (SUPER_ADMIN, "predefined", "user", ("central_admin", "endpoint_product_admin")),
    ("Admin", "predefined", "user", ("central_admin", "endpoint_product_admin")),
    ("Read-only", "predefined", "user", ("central_read_only",)),
    ("Endpoint Admin", "custom", "user", ("central_admin", "endpoint_product_admin")),
    ("Service Principal Super Admin", "predefined", "service", ("service_api", "central_admin")),
    ("Service Principal Read-Only", "predefined", "service", ("service_api", "central_read_only")),
)
ADMINS = (SUPER_ADMIN, "Endpoint Admin", "Read-only")
"""The roles of the admins who are there from the start; as many as there are users."""


class Administration:
    """Roles and admins of one tenant or partner. `is_there` says whether a user still is; whoever is deleted leaves their admin."""

    def __init__(self, owner: Json, users: list[Json], is_there: Callable[[str], bool], clock: Clock) -> None:
        self._owner, self._is_there, self._clock = owner, is_there, clock
        self._made = 0
        # Follows from the owner's id: it is new for each tenant, and so nobody shares an id.
        self._ids = SpreadIds(key_of(owner, "administration"), 1 << 20)
        self.roles: dict[str, Json] = {}
        for name, kind, principal, sets in ROLES:
            self._keep_role(name, f"{name}, as everywhere", kind, principal, list(sets))
        self._admins: dict[str, Json] = {}
        for number, (role, user) in enumerate(zip(ADMINS, users, strict=False)):
            # The last admin has two users: one synced and one that a sign-in made, as when their names differ.
            theirs = [user, users[number + 1]] if number == len(ADMINS) - 1 and number + 1 < len(users) else [user]
            self._keep_admin(theirs, self.role_named(role)["id"])

    def role_named(self, name: str) -> Json:
        """Return the role of this name."""
        return next(role for role in self.roles.values() if role["name"] == name)

    def role(self, role_id: str) -> Json:
        """Return a role. Raises `Refused` (404)."""
        if role_id.lower() not in self.roles:
            raise Refused(404, "Role not found")
        return self.roles[role_id.lower()]

    def add_role(self, name: str, description: str, principal: str, sets: list[str]) -> Json:
        """Add a custom role. Raises `Refused` (409) when the name is taken."""
        self._name_is_free(name, None)
        return self._keep_role(name, description, "custom", principal, sets)

    def change_role(self, role_id: str, changes: Json) -> Json:
        """Change a custom role. Raises `Refused` (404, 409)."""
        role = self._custom(role_id)
        if "name" in changes:
            self._name_is_free(changes["name"], role["id"])
        role.update(changes, updatedAt=self._moment())
        return role

    def delete_role(self, role_id: str) -> None:
        """Delete a custom role that no admin has. Raises `Refused` (404, 409)."""
        role = self._custom(role_id)
        if any(has_role(admin, role["id"]) for admin in self._admins.values()):
            raise Refused(409, "Role is assigned")
        del self.roles[role["id"]]

    def admins(self) -> list[Json]:
        """Return every admin, with those of their users who are still there."""
        return [self._shown(admin) for admin in self._admins.values()]

    def admin(self, admin_id: str) -> Json:
        """Return an admin. Raises `Refused` (404)."""
        return self._shown(self._admin(admin_id))

    def has_user(self, user_id: str) -> bool:
        """Return whether a user is an admin."""
        return any(one["id"] == user_id for admin in self._admins.values() for one in admin["users"])

    def add_admin(self, user: Json, role_id: str) -> Json:
        """Make a user an admin. Raises `Refused` (404, 409)."""
        role = self.role(role_id)
        if self.has_user(user["id"]):
            raise Refused(409, "User is an admin already")
        return self._keep_admin([user], role["id"])

    def delete_admin(self, admin_id: str) -> None:
        """Take an admin's rights away. Raises `Refused` (404, 409)."""
        admin = self._admin(admin_id)
        self._not_the_last(admin)
        del self._admins[admin["id"]]

    def assign(self, admin_id: str, role_id: str) -> Json:
        """Give an admin a role in the place of the one before. Raises `Refused` (404, 409)."""
        admin, role = self._admin(admin_id), self.role(role_id)
        if role["name"] != SUPER_ADMIN:
            self._not_the_last(admin)
        assignment = {"id": self._new_id(), "roleId": role["id"]}
        admin.update(roleAssignments=[assignment], updatedAt=self._moment())
        return assignment

    def unassign(self, admin_id: str, assignment_id: str) -> None:
        """Take a role from an admin. Raises `Refused` (404, 409)."""
        admin = self._admin(admin_id)
        assignment = self.assignment(admin_id, assignment_id)
        self._not_the_last(admin)
        rest = [one for one in admin["roleAssignments"] if one != assignment]
        admin.update(roleAssignments=rest, updatedAt=self._moment())

    def assignment(self, admin_id: str, assignment_id: str) -> Json:
        """Return an admin's assignment. Raises `Refused` (404)."""
        found = [one for one in self._admin(admin_id)["roleAssignments"] if one["id"] == assignment_id.lower()]
        if not found:
            raise Refused(404, "Role assignment not found")
        return dict(found[0])

    def _not_the_last(self, admin: Json) -> None:
        super_admin = self.role_named(SUPER_ADMIN)["id"]
        if has_role(admin, super_admin) and sum(has_role(one, super_admin) for one in self._admins.values()) == 1:
            raise Refused(409, "The last Super Admin must stay")

    def _admin(self, admin_id: str) -> Json:
        if admin_id.lower() not in self._admins:
            raise Refused(404, "Admin not found")
        return self._admins[admin_id.lower()]

    def _custom(self, role_id: str) -> Json:
        role = self.role(role_id)
        if role["type"] != "custom":
            raise Refused(409, "Role is predefined")
        return role

    def _name_is_free(self, name: str, role_id: str | None) -> None:
        if any(role["name"].lower() == name.lower() and role["id"] != role_id for role in self.roles.values()):
            raise Refused(409, "Name is already in use")

    def _keep_role(self, name: str, description: str, kind: str, principal: str, sets: list[str]) -> Json:
        role: Json = {"id": self._new_id(), "name": name, "description": description, "type": kind, "principalType": principal}
        role |= {"permissionSets": sets, "createdAt": stamp(EPOCH), "updatedAt": stamp(EPOCH)}
        self.roles[role["id"]] = role
        return role

    def _keep_admin(self, users: list[Json], role_id: str) -> Json:
        names = ("name", "firstName", "lastName", "email")
        moment = self._moment()
        admin: Json = {
            "id": self._new_id(),
            "tenant": self._owner,
            "users": [{"id": user["id"], "name": user["name"]} for user in users],
            "profile": {name: users[0][name] for name in names if name in users[0]},
            "roleAssignments": [{"id": self._new_id(), "roleId": role_id}],
            "createdAt": moment,
            "updatedAt": moment,
        }
        self._admins[admin["id"]] = admin
        return admin

    def _shown(self, admin: Json) -> Json:
        return {**admin, "users": [user for user in admin["users"] if self._is_there(user["id"])]}

    def _new_id(self) -> str:
        self._made += 1
        # Spread over the whole range, so that the order of ids is not the order in which they were made.
        return self._ids.at(self._made * 654_321 % self._ids.count)

    def _moment(self) -> str:
        return stamp(self._clock.now())[:-1]  # Sophos' samples of admins lack the Z


def has_role(admin: Json, role_id: str) -> bool:
    """Return whether an admin has a role."""
    return any(one["roleId"] == role_id for one in admin["roleAssignments"])
