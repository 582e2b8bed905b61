"""The operations `add-to-groups` and `remove-from-groups`."""

from abc import abstractmethod
from typing import Any
from uuid import UUID

from pydantic import Field

from connector.sources.base import Access, Journal, Observed, Outcome
from connector.sources.sophos.commands import Command, Which
from connector.sources.sophos.groups import groups_of
from connector.sources.sophos.in_tenant import NOT_FOUND, InTenant
from connector.sources.sophos.sending import CONFLICT, Evidence, directory_of, done, read_back, refused, send, so_already, there, unclear
from connector.sources.sophos.users import user_path, users_of
from connector.sources.wire import Answer

Sent = Answer | Outcome | None
MOST = 100


class UserAndGroups(Which):
    """One user and some groups."""

    group_ids: list[UUID] = Field(min_length=1, max_length=MOST, description="The groups' ids.")


class Membership(Command[UserAndGroups]):
    """Makes one user a member of groups, or no longer a member."""

    arguments = UserAndGroups
    code: str
    words: str

    def check(self, arguments: dict[str, Any]) -> None:
        """Raise `Invalid`, naming each argument that is wrong."""
        user_path(self.read(arguments).source_id)

    @abstractmethod
    def so(self, wanted: set[str], groups: set[str]) -> bool:
        """Return whether the user's groups are as they should be."""

    @abstractmethod
    async def change(
        self, journal: Journal, place: InTenant, user: Observed, wanted: set[str], evidence: Evidence
    ) -> Answer | Outcome | None:
        """Send the change."""

    async def carry_out(self, access: Access, given: UserAndGroups, journal: Journal) -> Outcome:
        """Change the memberships; the outcome is what a later look shows."""
        evidence = Evidence()
        found = await there(await users_of(self.central, access), given.source_id, "user", evidence)
        if isinstance(found, Outcome):
            return found
        place, user = found
        wanted = {str(one) for one in given.group_ids}
        groups = await groups_of(place, user.source_id)
        result = {"source_id": user.source_id, "groups": sorted(groups)}
        if self.so(wanted, groups):
            return so_already(journal, self.code, self.words, evidence, result)
        answer = await self.change(journal, place, user, wanted, evidence)
        if isinstance(answer, Outcome):
            return answer
        return await self._read_back(place, user.source_id, wanted, evidence)

    async def _read_back(self, place: InTenant, source_id: str, wanted: set[str], evidence: Evidence) -> Outcome:
        async def look() -> tuple[bool, dict[str, Any]]:
            groups = await groups_of(place, source_id)
            return self.so(wanted, groups), {"status": 200, "groups": sorted(groups)}

        if await read_back(look, evidence, self.central.read_back_seconds):
            return done(self.code, self.words, evidence, {"source_id": source_id, "groups": evidence["read_back"]["groups"]})
        return unclear("the change was sent, but Sophos does not show it", evidence)

    @staticmethod
    def judged(answer: Answer, user: Observed, evidence: Evidence) -> Outcome | None:
        """Return what a 404 and a 409 mean here."""
        if answer.status == NOT_FOUND:
            remedy = "Take the ids of groups of the same tenant."
            return refused("group_not_found", "Sophos does not know the user or one of the groups", remedy, evidence, final=False)
        if answer.status != CONFLICT:
            return None
        directory = directory_of(user)
        whose = f"the user is synchronized from {directory}" if directory else "a group is synchronized from a directory"
        return refused("directory_synced", f"Sophos does not change this: {whose}", "Change the membership in the directory.", evidence)


class AddToGroups(Membership):
    """Makes one user a member of groups."""

    key = "add-to-groups"
    name = "Add user to groups"
    description = "Makes the user a member of groups that were made in Sophos Central."
    code, words = "added", "the user is a member of the groups"

    def so(self, wanted: set[str], groups: set[str]) -> bool:
        """Return whether the user is in all of them."""
        return wanted <= groups

    async def change(
        self, journal: Journal, place: InTenant, user: Observed, wanted: set[str], evidence: Evidence
    ) -> Answer | Outcome | None:
        """Send the addition."""
        path, body = f"{user_path(user.source_id)}/groups", {"ids": sorted(wanted)}
        return await send(journal, place, "POST", path, evidence, body=body, judge=lambda answer: self.judged(answer, user, evidence))


class RemoveFromGroups(Membership):
    """Ends one user's membership in groups."""

    key = "remove-from-groups"
    name = "Remove user from groups"
    description = "Ends the user's membership in groups that were made in Sophos Central."
    code, words = "removed", "the user is no longer a member of the groups"

    def so(self, wanted: set[str], groups: set[str]) -> bool:
        """Return whether the user is in none of them."""
        return not wanted & groups

    async def change(
        self, journal: Journal, place: InTenant, user: Observed, wanted: set[str], evidence: Evidence
    ) -> Answer | Outcome | None:
        """Send the removal."""
        path, params = f"{user_path(user.source_id)}/groups", {"ids": ",".join(sorted(wanted))}
        return await send(journal, place, "DELETE", path, evidence, params=params, judge=lambda answer: self.judged(answer, user, evidence))
