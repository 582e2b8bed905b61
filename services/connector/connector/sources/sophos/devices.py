"""Sophos Central's devices: pages of a tenant's endpoints, and the question whether one is there."""

from urllib.parse import quote

from connector.sources.base import Access, Cursor, Observed, SourcePage
from connector.sources.sophos.across import AcrossTenants
from connector.sources.sophos.api import Account, SophosCentral
from connector.sources.sophos.errors import malformed
from connector.sources.sophos.in_tenant import NOT_FOUND, InTenant
from connector.sources.sophos.looking import proof_of_absence, usable_id
from connector.sources.sophos.models import in_its_tenant, observed
from connector.sources.sophos.tenants import chosen_tenants
from shared.events.sources import ProofOfAbsence

ENDPOINTS = "/endpoint/v1/endpoints"
MOST_PAGES = 1_000_000


class DevicesListing:
    """The devices of one tenant after another, along the keys that Sophos gives."""

    def __init__(self, page_size: int) -> None:
        self._page_size = page_size

    async def page(self, place: InTenant, cursor: Cursor | None) -> SourcePage:
        """Return one page. Raises `UnexpectedAnswer` when the keys go round in a circle."""
        cursor = cursor or {"key": None, "page": 1}
        # What is asked beside the key must stay the same from page to page.
        params = {"pageSize": str(self._page_size), "view": "full"} | ({"pageFromKey": cursor["key"]} if cursor["key"] else {})
        answer = await place.get(ENDPOINTS, params)
        records, pages = answer.body.get("items"), answer.body.get("pages")
        if answer.status == NOT_FOUND or not isinstance(records, list):
            raise malformed(f"GET {ENDPOINTS}", "is not a list of devices", answer)
        after = pages.get("nextKey") if isinstance(pages, dict) else None
        if after and (after == cursor["key"] or not isinstance(after, str) or cursor["page"] >= MOST_PAGES):
            raise malformed(f"GET {ENDPOINTS}", "goes on without end", answer)
        devices, rejected = observed(records, place.tenant)
        return SourcePage(devices, rejected, answer.at, {"key": after, "page": cursor["page"] + 1} if after else None)

    async def look_for(self, place: InTenant, source_id: str) -> ProofOfAbsence | Observed:
        """Ask for one device by id."""
        return await look_for_device(place, source_id)


async def devices_of(central: SophosCentral, access: Access) -> AcrossTenants:
    """Sign in, find the tenants and their hosts, compare the inputs; return the devices."""
    account = Account(central, access)
    return AcrossTenants(account, await chosen_tenants(account), DevicesListing(central.device_page_size))


async def look_for_device(place: InTenant, source_id: str) -> ProofOfAbsence | Observed:
    """Return the device, or the proof that Sophos does not have it. Raises whatever is neither."""
    path = device_path(source_id)
    answer = await place.get(path, {"view": "full"})
    if answer.status == NOT_FOUND:
        return proof_of_absence(source_id, path, answer)
    if str(answer.body.get("id", "")).lower() != source_id.lower():
        raise malformed(f"GET {path}", "is about another device", answer)
    return Observed(source_id, in_its_tenant(answer.body, place.tenant))


def device_path(source_id: str) -> str:
    """Return the path of one device. Raises `Invalid` for what cannot be an id."""
    return f"{ENDPOINTS}/{quote(usable_id(source_id, 'device'), safe='')}"
