"""The operations `create-user` and `edit-user`."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from connector.sources.base import Access, Journal, Observed, Outcome
from connector.sources.sophos.commands import Arguments, Command, Which
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.matching import same_text, wrong_email
from connector.sources.sophos.moments import not_before
from connector.sources.sophos.sending import (
    CONFLICT,
    Evidence,
    directory_of,
    done,
    looked,
    read_back,
    refused,
    send,
    so_already,
    there,
    unclear,
)
from connector.sources.sophos.users import USERS, look_for, user_path, users_of, with_email
from connector.sources.wire import Answer
from shared.errors import Invalid

Text = Annotated[str, Field(min_length=1, max_length=320)]
SENT_AS = {"name": "name", "first_name": "firstName", "last_name": "lastName", "email": "email", "exchange_login": "exchangeLogin"}
MOST_GROUPS = 100


class NewUser(Arguments):
    """Somebody to create. The e-mail is needed: by it the user is found again when an answer is lost."""

    email: Text
    name: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    exchange_login: Text | None = None
    group_ids: list[UUID] = Field(default_factory=list, max_length=MOST_GROUPS)


class CreateUser(Command[NewUser]):
    """Creates one user, unless somebody has the e-mail already."""

    key = "create-user"
    name = "Create user"
    description = "Creates a user in Sophos Central; the e-mail must be nobody's there yet."
    arguments = NewUser

    async def carry_out(self, access: Access, given: NewUser, journal: Journal) -> Outcome:
        """Create the user; the outcome is what a later look shows."""
        users = await users_of(self.central, access)
        if len(users.tenants) != 1:
            raise Invalid(
                f"the inputs name {len(users.tenants)} tenants that can be reached, and a user is created in one",
                code="tenant_not_clear",
                remedy="Name the tenant with the input tenant_id.",
            )
        place, evidence = users.tenants[0], Evidence()
        if (known := await with_email(place, given.email)) is not None:
            return _known_already(known, evidence, journal)

        def judge(answer: Answer) -> Outcome | None:
            return _not_created(answer, evidence)

        answer = await send(journal, place, "POST", USERS, evidence, body=_body(given), judge=judge)
        if isinstance(answer, Outcome):
            return answer
        return await self._read_back(place, given.email, evidence)

    async def _read_back(self, place: InTenant, email: str, evidence: Evidence) -> Outcome:
        made: list[Observed] = []

        async def look() -> tuple[bool, dict[str, Any]]:
            found = await with_email(place, email)
            made.extend([] if found is None else [found])
            return found is not None, {"status": 200, "found": None if found is None else found.source_id}

        if await read_back(look, evidence, self.central.read_back_seconds):
            return done("created", "the user was created", evidence, {"source_id": made[-1].source_id, "record": made[-1].record})
        return unclear("the user was to be created, but Sophos does not show them", evidence)


def _known_already(known: Observed, evidence: Evidence, journal: Journal) -> Outcome:
    evidence["looked_first"] = looked(known)
    result = {"source_id": known.source_id, "record": known.record}
    if journal.sent is not None and not_before(known.record.get("createdAt"), journal.sent.get("at")):
        evidence["request"] = journal.sent
        return done("created", "the user was created by an earlier attempt", evidence, result)
    remedy = f"Edit the user {known.source_id} instead, or choose another e-mail."
    return refused("email_in_use", "somebody in Sophos has this e-mail already; nobody was created", remedy, evidence, final=False)


def _not_created(answer: Answer, evidence: Evidence) -> Outcome | None:
    if answer.status == CONFLICT:
        remedy = "Compare the e-mail with the users in Sophos Central, and choose groups that were made there."
        message = "Sophos does not create this user: the e-mail is in use, or a group comes from a directory"
        return refused("source_conflict", message, remedy, evidence, final=False)
    if answer.status == 404:  # noqa: PLR2004 - Not Found
        return refused("group_not_found", "Sophos does not know one of the groups", "Take ids from Sophos.", evidence, final=False)
    return None


class ChangedUser(Which):
    """One user, the e-mail that they have, and what is to change."""

    expected_email: str | None = Field(default=None, max_length=320, description="The e-mail that the user must have so far.")
    name: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    email: Text | None = None
    exchange_login: Text | None = None


class EditUser(Command[ChangedUser]):
    """Changes what is given of one user."""

    key = "edit-user"
    name = "Edit user"
    description = "Changes name, e-mail or Exchange login of a user who was made in Sophos Central."
    arguments = ChangedUser

    def check(self, arguments: dict[str, Any]) -> None:
        """Raise `Invalid`, naming each argument that is wrong, and when nothing is to change."""
        given = self.read(arguments)
        user_path(given.source_id)
        if not _body(given):
            raise Invalid("nothing is to change", remedy=f"Give one of: {', '.join(SENT_AS)}.", fields=[])

    async def carry_out(self, access: Access, given: ChangedUser, journal: Journal) -> Outcome:
        """Change the user; the outcome is what a later look shows."""
        evidence = Evidence()
        found = await there(await users_of(self.central, access), given.source_id, "user", evidence)
        if isinstance(found, Outcome):
            return found
        place, user = found
        wanted = _body(given)
        if _has(user, wanted):
            return so_already(journal, "changed", "the user is so", evidence, {"source_id": user.source_id, "record": user.record})
        if given.expected_email is not None and (no := wrong_email(user, given.expected_email, "nothing was changed", evidence)):
            return no

        def judge(answer: Answer) -> Outcome | None:
            return _not_changed(user, evidence) if answer.status == CONFLICT else None

        answer = await send(journal, place, "PATCH", user_path(user.source_id), evidence, body=wanted, judge=judge)
        if isinstance(answer, Outcome):
            return answer
        return await self._read_back(place, user.source_id, wanted, evidence)

    async def _read_back(self, place: InTenant, source_id: str, wanted: dict[str, Any], evidence: Evidence) -> Outcome:
        seen: list[Observed] = []

        async def look() -> tuple[bool, dict[str, Any]]:
            user = await look_for(place, source_id)
            if isinstance(user, Observed):
                seen.append(user)
            return isinstance(user, Observed) and _has(user, wanted), looked(user)

        if await read_back(look, evidence, self.central.read_back_seconds):
            return done("changed", "the user was changed", evidence, {"source_id": source_id, "record": seen[-1].record})
        return unclear("the change was sent, but Sophos does not show it", evidence)


def _not_changed(user: Observed, evidence: Evidence) -> Outcome:
    directory = directory_of(user)
    if directory is not None:
        message = f"Sophos does not change this user: it is synchronized from {directory}"
        return refused("directory_synced", message, f"Change the user in {directory}.", evidence)
    remedy = "Choose an e-mail that nobody in Sophos has; an administrator's own cannot be taken away."
    return refused("source_conflict", "Sophos does not change this user: it reports a conflict", remedy, evidence, final=False)


def _has(user: Observed, wanted: dict[str, Any]) -> bool:
    return all(
        isinstance(told := user.record.get(key), str) and (same_text(told, value) if key == "email" else told == value)
        for key, value in wanted.items()
    )


def _body(given: NewUser | ChangedUser) -> dict[str, Any]:
    told = {sent: getattr(given, field) for field, sent in SENT_AS.items() if getattr(given, field) is not None}
    groups = [str(one) for one in given.group_ids] if isinstance(given, NewUser) else []
    return {**told, **({"groupIds": groups} if groups else {})}
