"""The operation `lookup-users`: who of these is in Sophos Central, and with which role."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from connector.sources.base import Access, Journal, Observed, Outcome, described
from connector.sources.sophos.across import AcrossTenants
from connector.sources.sophos.commands import Arguments, Command
from connector.sources.sophos.errors import AccessRefused
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.roles import AdminRole, roles_in
from connector.sources.sophos.users import shown, user_path, users_of
from shared.errors import AppError, Invalid
from shared.events.sources import ProofOfAbsence

MOST = 500
CHUNK = 100
LONGEST_LISTED = 40
ROLE = "User"
"""Sophos' directory has no role; being in it makes one a user."""
ENOUGH_FAILURES = 5
"""Questions in a row that fail before the rest is not asked any more."""


class WhichUsers(Arguments):
    """Several users."""

    source_ids: list[str] = Field(min_length=1, max_length=MOST, description="The users' ids, as Sophos gives them.")
    admin_roles: bool = Field(default=False, description="Also say who is an administrator, and with which roles.")


class LookupUsers(Command[WhichUsers]):
    """Asks the list in chunks, then by id for everybody whom the list did not show: only a 404 counts as absent."""

    key = "lookup-users"
    name = "Look users up"
    description = "Says who of these users is in Sophos Central, who is proven not to be, and who could not be asked for."
    arguments = WhichUsers

    async def carry_out(self, access: Access, given: WhichUsers, journal: Journal) -> Outcome:
        """Look everybody up."""
        del journal
        users = await users_of(self.central, access)
        source_ids = list(dict.fromkeys(given.source_ids))
        found: dict[str, Observed] = {}
        for start in range(0, len(source_ids), CHUNK):
            chunk = [one for one in source_ids[start : start + CHUNK] if _fits_a_list(one)]
            found |= await _shown_anywhere(users.tenants, chunk)
        absent, unknown = await self._by_id(users, [one for one in source_ids if one.lower() not in found], found)
        roles = await _admin_roles(users.tenants) if given.admin_roles and found else {}
        result = {
            "found": [_found(one, found[one.lower()], roles.get(one.lower(), ())) for one in source_ids if one.lower() in found],
            "absent": [proof.model_dump(mode="json") for proof in absent],
            "unknown": unknown,
        }
        return _outcome(result, users.requests)

    @staticmethod
    async def _by_id(
        users: AcrossTenants, source_ids: list[str], found: dict[str, Observed]
    ) -> tuple[list[ProofOfAbsence], list[dict[str, Any]]]:
        absent: list[ProofOfAbsence] = []
        unknown: list[dict[str, Any]] = []
        failures = 0
        for source_id in source_ids:
            if failures >= ENOUGH_FAILURES:
                unknown.append({**unknown[-1], "source_id": source_id})
                continue
            try:
                answer = await users.look_for(source_id)
            except AppError as error:
                failures += 0 if isinstance(error, Invalid) else 1
                unknown.append({"source_id": source_id, **described(error)})
                continue
            failures = 0
            if isinstance(answer, Observed):
                found[source_id.lower()] = answer
            else:
                absent.append(answer)
        return absent, unknown


async def _shown_anywhere(places: Sequence[InTenant], source_ids: list[str]) -> dict[str, Observed]:
    """Return those of at most 100 users whom the list of some tenant shows, by id in lower case."""
    found: dict[str, Observed] = {}
    for place in places:
        left = [one for one in source_ids if one.lower() not in found]
        try:
            shown_there = await shown(place, left) if left else []
        except AccessRefused:
            if len(places) == 1:
                raise
            continue  # Whoever is there is asked for by id, which says why that does not work.
        found |= {user.source_id.lower(): user for user in shown_there}
    return found


def _fits_a_list(source_id: str) -> bool:
    """Whether it may stand in a list of ids: a hundred of them must stay below the longest URL that Sophos takes."""
    try:
        user_path(source_id)
    except Invalid:
        return False
    return len(source_id) <= LONGEST_LISTED


async def _admin_roles(places: Sequence[InTenant]) -> dict[str, list[AdminRole]]:
    """Return who has which roles as an administrator. Raises `AccessRefused`: to say that nobody has one would take them away."""
    found: dict[str, list[AdminRole]] = {}
    for place in places:
        roles, notes = await roles_in(place)
        if roles is None:
            remedy = "Give the API credential a role that may read administrators, or do not ask for roles as administrator."
            raise AccessRefused(notes[0].message, remedy=remedy)
        for user, mine in roles.items():
            found[user] = [*found.get(user, ()), *mine]
    return found


def _found(source_id: str, user: Observed, roles: Sequence[AdminRole]) -> dict[str, Any]:
    email = user.record.get("email")
    named = {"roles": [ROLE, *(role.name for role in roles)], "role_ids": {role.name: role.id for role in roles}}
    return {"source_id": source_id, "email": email if isinstance(email, str) else None, **named}


def _outcome(result: dict[str, list[Any]], requests: int) -> Outcome:
    found, absent, unknown = (len(result[name]) for name in ("found", "absent", "unknown"))
    message = f"{found} found, {absent} absent, {unknown} not answered"
    evidence = {"requests": requests}
    if unknown and not found and not absent:
        first = result["unknown"][0]
        return Outcome(
            "unknown", first["message"], code=first["code"], remedy=first["remedy"], result=result, evidence=evidence, final=False
        )
    return Outcome("done", message, result=result, evidence=evidence)
