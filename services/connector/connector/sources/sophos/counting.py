"""How many records a listing would show, asked for with one request for each tenant: its first page, as a run would ask for it."""

from collections.abc import Mapping
from datetime import datetime
from time import monotonic

from connector.sources.base import Access, Counted
from connector.sources.sophos.api import Account, SophosCentral
from connector.sources.sophos.checks import Listed
from connector.sources.sophos.errors import AccessRefused, malformed
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.recent import moment_of
from connector.sources.sophos.tenants import chosen_tenants
from connector.sources.sophos.users import USERS, listing_in


async def counted(
    central: SophosCentral, access: Access, listed: Listed, page_size: int, since: Mapping[str, datetime] | None = None
) -> list[Counted]:
    """Return what each tenant has that can be read. Raises as opening does, and `UnexpectedAnswer` when Sophos does not say how many."""
    chosen = await chosen_tenants(Account(central, access))
    found = []
    for place in chosen.tenants:
        moment = None if since is None else since.get(chosen.part_of(place))
        if since is not None and moment is None:
            continue
        try:
            found.append(await (_in(place, listed, page_size) if moment is None else _changed(place, page_size, moment - central.overlap)))
        except AccessRefused:
            # A run skips such a tenant, and says so; its own one it cannot do without.
            if chosen.own:
                raise
    return found


async def _in(place: InTenant, listed: Listed, page_size: int) -> Counted:
    began = monotonic()
    answer = await place.get(listed.path, {**listed.params, "pageSize": str(page_size), "pageTotal": "true"})
    seconds = monotonic() - began
    pages = answer.body.get("pages")
    items = pages.get("items") if isinstance(pages, dict) else None
    if not isinstance(items, int) or items < 0:
        raise malformed(f"GET {listed.path}", "does not say how many there are", answer)
    # A page that is not full shows where a listing ends; so does an empty one behind the last that was.
    return Counted(items, items // page_size + 1, place.account.scope_of(place.tenant.id), seconds)


async def _changed(place: InTenant, page_size: int, since: datetime) -> Counted:
    """Count who changed, on the first page that a quick run reads; where all of it did, the rest is expected at the same pace."""
    began = monotonic()
    answer = await place.get(USERS, {"pageSize": str(page_size), "page": "1", "sort": "updatedAt:desc", "pageTotal": "true"})
    seconds = monotonic() - began
    records, pages = listing_in(answer, 1)
    times = [at for record in records if (at := moment_of(record)) is not None]
    changed = sum(at >= since for at in times)
    if times and changed == len(times) and len(records) == page_size:
        moment = answer.source_time or answer.at
        pace = changed / max(1.0, (moment - min(times)).total_seconds())
        most = pages.items if pages.items is not None else changed
        changed = max(changed, min(most, round(pace * (moment - since).total_seconds())))
    return Counted(changed, changed // page_size + 1, place.account.scope_of(place.tenant.id), seconds)
