"""The users who changed lately: the directory read from its last change backwards, until what is known already begins."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connector.sources.base import Access, Cursor, Observed, SourcePage
from connector.sources.sophos.across import AcrossTenants
from connector.sources.sophos.api import Account, SophosCentral
from connector.sources.sophos.enriching import enriched, wanted
from connector.sources.sophos.errors import NeverListed, UnexpectedAnswer
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.models import observed
from connector.sources.sophos.moments import moment
from connector.sources.sophos.tenants import chosen_tenants
from connector.sources.sophos.users import USERS, listing_in, look_for
from shared.events.sources import ProofOfAbsence

MOST_BEGINNINGS = 5
LEFT = "The next full run reads it. If it refuses, the errors of that run say why, and what to do."


class DirectoryRestless(UnexpectedAnswer):
    """Users were removed while each attempt to read the latest changes was under way."""

    code, title = "sophos_directory_restless", "The directory did not keep still"


class RecentUsers:
    """The users of one tenant after another who were changed since a moment on the source's clock."""

    def __init__(self, page_size: int, since: Mapping[str, datetime], overlap: timedelta, part_of: Callable[[InTenant], str]) -> None:
        self._page_size = page_size
        self._since = {part: moment - overlap for part, moment in since.items()}
        self._part_of = part_of

    async def page(self, place: InTenant, cursor: Cursor | None) -> SourcePage:
        """Return one page of those who changed. Whoever has no `updatedAt` is left to the next full listing.

        A removal moves everybody behind it up, perhaps past us: then the reading begins again. Raises `DirectoryRestless`, and
        `NeverListed` of a tenant of which no moment is known.
        """
        since = self._since.get(self._part_of(place))
        if since is None:
            raise NeverListed("it was never listed whole, so there is no moment to read back to", remedy=LEFT)
        cursor = cursor or {"page": 1, "items": None, "begun": 1}
        number: int = cursor["page"]
        params = {"pageSize": str(self._page_size), "page": str(number), "sort": "updatedAt:desc", "pageTotal": "true"}
        answer = await place.get(USERS, params)
        records, pages = listing_in(answer, number)
        if cursor["items"] is not None and (pages.items is None or pages.items < cursor["items"]):
            return SourcePage([], [], answer.at, self._again(cursor), source_time=answer.source_time)
        changed, known = _parted(records, since)
        users, rejected = observed(changed, place.tenant)
        ends = known or len(records) < self._page_size
        after = None if ends else {**cursor, "page": number + 1, "items": pages.items}
        return SourcePage(users, rejected, answer.at, after, source_time=answer.source_time)

    async def look_for(self, place: InTenant, source_id: str) -> ProofOfAbsence | Observed:
        """Ask for one user by id."""
        return await look_for(place, source_id)

    @staticmethod
    def _again(cursor: dict[str, Any]) -> dict[str, Any]:
        if cursor["begun"] >= MOST_BEGINNINGS:
            raise DirectoryRestless(
                f"users were removed during each of {MOST_BEGINNINGS} attempts to read the latest changes",
                remedy="Run again when nobody tidies the directory, or let a full run read it.",
            )
        return {"page": 1, "items": None, "begun": cursor["begun"] + 1}


async def recent_users_of(central: SophosCentral, access: Access, since: Mapping[str, datetime]) -> AcrossTenants:
    """Return the users who changed since then, by tenant."""
    include = wanted(access.inputs)
    account = Account(central, access)
    chosen = await chosen_tenants(account)
    listing = enriched(RecentUsers(central.page_size, since, central.overlap, chosen.part_of), include)
    return AcrossTenants(account, chosen, listing)


def _parted(records: list[Any], since: datetime) -> tuple[list[Any], bool]:
    """Return the records that changed since then, and whether one that did not was among them."""
    times = [(record, moment_of(record)) for record in records]
    changed = [record for record, at in times if at is not None and at >= since]
    return changed, any(at is not None and at < since for _, at in times)


def moment_of(record: Any) -> datetime | None:
    """Return when a record was changed; None when it does not say so in a way that can be read."""
    return moment(record.get("updatedAt")) if isinstance(record, dict) else None
