"""Sophos Central's users: pages of the directory, and the question whether one user is there."""

from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from connector.sources.base import Access, Cursor, Note, Observed, SourcePage
from connector.sources.sophos.across import AcrossTenants
from connector.sources.sophos.api import Account, SophosCentral
from connector.sources.sophos.errors import malformed
from connector.sources.sophos.in_tenant import NOT_FOUND, InTenant
from connector.sources.sophos.looking import proof_of_absence, usable_id
from connector.sources.sophos.matching import same_text
from connector.sources.sophos.models import Pages, in_its_tenant, observed
from connector.sources.sophos.tenants import chosen_tenants
from connector.sources.wire import Answer
from shared.events.sources import ProofOfAbsence

USERS = "/common/v1/directory/users"
MOST_PAGES = 1_000_000
MOST_SEARCHED = 20
"""Pages of a search that are looked through."""


class UsersListing:
    """The users of one tenant after another."""

    def __init__(self, page_size: int) -> None:
        self._page_size = page_size

    async def page(self, place: InTenant, cursor: Cursor | None) -> SourcePage:
        """Return one page, ordered by id so that pages stay where they are while users come and go."""
        cursor = cursor or {"page": 1, "total": None, "told": None, "read": 0}
        number: int = cursor["page"]
        # The total costs the source a count, so it is asked for once.
        params = {"pageSize": str(self._page_size), "page": str(number), "sort": "id:asc"} | ({"pageTotal": "true"} if number == 1 else {})
        answer = await place.get(USERS, params)
        records, pages = listing_in(answer, number)
        total, told = (pages.total, pages.items) if number == 1 else (cursor["total"], cursor["told"])
        users, rejected = observed(records, place.tenant)
        size = min(self._page_size, pages.size) if pages.size and pages.size > 0 else self._page_size
        ends = not records or (len(records) < size and (total is None or number >= total))
        if not ends and number >= MOST_PAGES:
            raise malformed(f"GET {USERS}", "goes on without end", answer)
        read = cursor["read"] + len(records)
        after = {"page": number + 1, "total": total, "told": told, "read": read}
        notes = _fewer_than_told(place, told, read) if ends else ()
        return SourcePage(users, rejected, answer.at, None if ends else after, notes, source_time=answer.source_time, total=told)

    async def look_for(self, place: InTenant, source_id: str) -> ProofOfAbsence | Observed:
        """Ask for one user by id."""
        return await look_for(place, source_id)


async def users_of(central: SophosCentral, access: Access) -> AcrossTenants:
    """Sign in, find the tenants and their hosts, compare the inputs; return the users."""
    account = Account(central, access)
    return AcrossTenants(account, await chosen_tenants(account), UsersListing(central.page_size))


def _fewer_than_told(place: InTenant, told: int | None, read: int) -> tuple[Note, ...]:
    """Say that a listing showed fewer users than it had announced: some left meanwhile, or Sophos kept some back."""
    if told is None or read >= told:
        return ()
    return (
        Note(
            "sophos_fewer_than_told",
            f"Sophos announced {told} users of the tenant {place.tenant} and listed {read}: nobody counts as gone who is not proven to be",
            "Nothing is to be done for it; everybody whom the listing did not show is asked for by id.",
            about=place.tenant.id,
        ),
    )


async def look_for(place: InTenant, source_id: str) -> ProofOfAbsence | Observed:
    """Return the user, or the proof that Sophos does not have them. Raises whatever is neither."""
    path = user_path(source_id)
    answer = await place.get(path)
    if answer.status == NOT_FOUND:
        return proof_of_absence(source_id, path, answer)
    if str(answer.body.get("id", "")).lower() != source_id.lower():
        raise malformed(f"GET {path}", "is about somebody else", answer)
    return Observed(source_id, in_its_tenant(answer.body, place.tenant))


def user_path(source_id: str) -> str:
    """Return the path of one user. Raises `Invalid` for what cannot be an id."""
    return f"{USERS}/{quote(usable_id(source_id, 'user'), safe='')}"


async def with_email(place: InTenant, email: str) -> Observed | None:
    """Return the user who has this e-mail; Sophos searches for parts of it, so every answer is compared."""
    for number in range(1, MOST_SEARCHED + 1):
        params = {"search": email, "searchFields": "email", "pageSize": "100", "page": str(number), "sort": "id:asc"}
        records, _ = listing_in(await place.get(USERS, params), number)
        users, _ = observed(records, place.tenant)
        for user in users:
            told = user.record.get("email")
            if isinstance(told, str) and same_text(told, email):
                return user
        if len(records) < 100:  # noqa: PLR2004 - the page size asked for
            return None
    raise malformed(f"GET {USERS}", f"shows more than {MOST_SEARCHED * 100} users with a similar e-mail")


async def shown(place: InTenant, source_ids: list[str]) -> list[Observed]:
    """Return those of at most 100 users whom the list shows; whoever is not shown may still be there."""
    answer = await place.get(USERS, {"pageSize": "100", "page": "1", "ids": ",".join(source_ids)})
    records, _ = listing_in(answer, 1)
    users, _ = observed(records, place.tenant)
    return users


def listing_in(answer: Answer, number: int) -> tuple[list[Any], Pages]:
    """Return the records of a page of users, and where it stands. Raises `UnexpectedAnswer` when it is not that page."""
    records = answer.body.get("items")
    if answer.status == NOT_FOUND or not isinstance(records, list):
        raise malformed(f"GET {USERS}", "is not a list of users", answer)
    told = answer.body.get("pages")
    try:
        pages = Pages.model_validate(told if isinstance(told, dict) else {})
    except ValidationError:
        pages = Pages()
    if pages.current is not None and pages.current != number:
        raise malformed(f"GET {USERS}", f"is page {pages.current} instead of page {number}", answer)
    return records, pages
