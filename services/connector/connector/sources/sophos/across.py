"""One listing over several tenants: one after the other, in the order of their ids; what cannot be listed is said and left out."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from connector.sources.base import Cursor, Note, Observed, SourcePage
from connector.sources.sophos.api import Account
from connector.sources.sophos.errors import AccessRefused, NeverListed, TenantUnusable
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.tenants import Chosen, Skipped
from shared.clock import now
from shared.errors import AppError
from shared.events.sources import ProofOfAbsence

SKIPPED = "sophos_tenant_skipped"
NAMED_IN_A_PROOF = 5


class TenantListing(Protocol):
    """What is read in each tenant."""

    async def page(self, place: InTenant, cursor: Cursor | None) -> SourcePage:
        """Return one page of a tenant."""

    async def look_for(self, place: InTenant, source_id: str) -> ProofOfAbsence | Observed:
        """Ask a tenant for one record."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the listing stands: in which tenant, and there at which cursor; how many tenants were listed and left out so far."""

    tenant: str
    at: Cursor | None
    tenants: int
    listed: int = 0
    skipped: int = 0


class AcrossTenants:
    """The records of all chosen tenants, for one run."""

    def __init__(self, account: Account, chosen: Chosen, listing: TenantListing) -> None:
        self._account = account
        self._chosen = chosen
        self._listing = listing
        self._found_last: InTenant | None = None

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._account.requests

    @property
    def tenants(self) -> tuple[InTenant, ...]:
        """The tenants that can be spoken to."""
        return self._chosen.tenants

    async def page(self, cursor: Cursor | None) -> SourcePage:
        """Return one page; an empty one for a tenant that is skipped. Raises `TenantUnusable` when every tenant had to be."""
        notes = [] if cursor else [_note(one) for one in self._chosen.skipped]
        # A cursor without a tenant is of an earlier version, from before there were several: that listing begins again.
        mark = Mark(**cursor) if cursor is not None and "tenant" in cursor else self._first()
        place = self._next_from(mark.tenant)
        if mark.at is not None and (place is None or place.tenant.id != mark.tenant):
            lost = TenantUnusable(f"the tenant {mark.tenant} went out of reach while it was read", remedy="Look at it in Sophos Central.")
            notes.append(_note(Skipped(mark.tenant, lost)))
            mark = replace(mark, at=None, skipped=mark.skipped + 1)
        if place is None:
            return replace(self._turned(mark, SourcePage([], [], now(), None), notes, None), complete=False)
        try:
            page = await self._listing.page(place, mark.at)
        except (AccessRefused, NeverListed) as error:
            if self._chosen.own:
                raise
            notes.append(_note(Skipped(str(place.tenant), error)))
            return self._turned(replace(mark, skipped=mark.skipped + 1), SourcePage([], [], now(), None), notes, place)
        ends = page.next is None
        return self._turned(replace(mark, listed=mark.listed + ends), page, notes, place, listed=ends and page.complete)

    async def look_for(self, source_id: str, part: str = "") -> ProofOfAbsence | Observed:
        """Ask the tenant in which it was seen last; where none is known every chosen one, until one has it.

        It is absent only when that tenant, or each of them, says so itself; otherwise this raises.
        """
        if not part or self._chosen.own:
            return (await self.find(source_id))[1]
        place = next((one for one in self._chosen.tenants if self._chosen.part_of(one) == part), None)
        if place is None:
            skipped = next((one.error for one in self._chosen.skipped if one.tenant.casefold() == part), None)
            raise skipped or TenantUnusable(f"the tenant {part} is out of reach", remedy="Look at it in Sophos Central.")
        answer = await self._listing.look_for(place, source_id)
        return answer if isinstance(answer, Observed) else answer.model_copy(update={"asked": f"{answer.asked} in the tenant {part}"})

    async def find(self, source_id: str) -> tuple[InTenant, ProofOfAbsence | Observed]:
        """Return what `look_for` does, after the tenant that said it (for an absence, any of them)."""
        proofs: list[ProofOfAbsence] = []
        trouble: AppError | None = None
        for place in sorted(self._chosen.tenants, key=lambda one: one is not self._found_last):
            try:
                answer = await self._listing.look_for(place, source_id)
            except AccessRefused as error:
                trouble = trouble or error
                continue
            if isinstance(answer, Observed):
                self._found_last = place
                return place, answer
            proofs.append(answer)
        if self._chosen.skipped:
            trouble = trouble or self._chosen.skipped[0].error
        if trouble is not None or not proofs:
            raise trouble or _none_listed()
        return self._chosen.tenants[0], _all_agree(proofs, [place.tenant.id for place in self._chosen.tenants])

    def _first(self) -> Mark:
        first = self._chosen.tenants[0].tenant.id if self._chosen.tenants else ""
        skipped = len(self._chosen.skipped)
        return Mark(first, None, len(self._chosen.tenants) + skipped, skipped=skipped)

    def _next_from(self, tenant: str) -> InTenant | None:
        """Return the tenant with this id, or the one after it."""
        return next((one for one in self._chosen.tenants if one.tenant.id.casefold() >= tenant.casefold()), None)

    def _turned(self, mark: Mark, page: SourcePage, notes: list[Note], place: InTenant | None, *, listed: bool = False) -> SourcePage:
        """Return the page with the cursor of the whole listing in place of the tenant's own. `listed`: it ends the tenant's."""
        told = (*notes, *page.notes)
        if place is not None and not self._chosen.own:
            page = replace(page, part=self._chosen.part_of(place), ends_part=listed)
        # A tenant announces its own records; how many there are in all is known only where there is one.
        page = page if mark.tenants == 1 else replace(page, total=None)
        if place is not None and page.next is not None:
            return replace(page, notes=told, next=_cursor(replace(mark, tenant=place.tenant.id, at=page.next)))
        after = self._after(place)
        if after is not None:
            return replace(page, notes=told, next=_cursor(replace(mark, tenant=after.tenant.id, at=None)))
        if mark.listed == 0:
            raise _none_listed([note.message for note in told])
        # Those that were there at the beginning and are gone now count as not listed, whatever became of them.
        return replace(page, notes=told, complete=not mark.skipped and not self._chosen.skipped and mark.listed >= mark.tenants)

    def _after(self, place: InTenant | None) -> InTenant | None:
        if place is None:
            return None
        return next((one for one in self._chosen.tenants if one.tenant.id.casefold() > place.tenant.id.casefold()), None)


def _cursor(mark: Mark) -> dict[str, Any]:
    return asdict(mark)


def _note(skipped: Skipped) -> Note:
    error = skipped.error
    message = f"the tenant {skipped.tenant} was skipped: {error.message}"
    remedy = error.remedy
    if isinstance(error, AccessRefused):
        remedy = (
            "Let the customer allow Partner Assistance, or leave the tenant out of the input tenants; "
            "a trial and a tenant that is managed by somebody else cannot be read."
        )
    return Note(
        SKIPPED, f"{message}; this run says of nobody seen there that they are gone", remedy, about=skipped.tenant[:200], is_error=True
    )


def _none_listed(why: list[str] | None = None) -> TenantUnusable:
    said = f": {why[0]}" if why else ""
    return TenantUnusable(
        f"none of the chosen tenants could be read{said}"[:1000],
        remedy="Choose tenants that the credential may read, with the input tenants.",
        code="sophos_no_tenant_readable",
    )


def _all_agree(proofs: list[ProofOfAbsence], tenants: list[str]) -> ProofOfAbsence:
    if len(proofs) == 1:
        return proofs[0]
    more = len(tenants) - NAMED_IN_A_PROOF
    named = ", ".join(tenants[:NAMED_IN_A_PROOF]) + (f" and {more} more" if more > 0 else "")
    return proofs[-1].model_copy(update={"asked": f"{proofs[-1].asked} in each of the tenants {named}"})
