"""How many records a listing would show, asked for with one request for each tenant: its first page, as a run would ask for it."""

from time import monotonic

from connector.sources.base import Access, Counted
from connector.sources.sophos.api import Account, SophosCentral
from connector.sources.sophos.checks import Listed
from connector.sources.sophos.errors import AccessRefused, malformed
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.tenants import chosen_tenants


async def counted(central: SophosCentral, access: Access, listed: Listed, page_size: int) -> list[Counted]:
    """Return what each tenant has that can be read. Raises as opening does, and `UnexpectedAnswer` when Sophos does not say how many."""
    chosen = await chosen_tenants(Account(central, access))
    found = []
    for place in chosen.tenants:
        try:
            found.append(await _in(place, listed, page_size))
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
