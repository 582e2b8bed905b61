"""Reading a directory: each page and its event commit together with the cursor behind it."""

from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from connector.runs.beginning import provenance_of
from connector.runs.books import enter_errors, settle
from connector.runs.claims import Claim
from connector.runs.log import Entry, log_state, write_log
from connector.runs.notes import as_rejection, noted
from connector.runs.phases import SETTLING, SUSPECTING
from connector.runs.reading import Read, read_ahead
from connector.sources.base import Session, SourcePage
from connector.tables import RUN_PAGES, RUN_PARTS, RUNS
from shared.clock import now
from shared.db.upsert import insert_for
from shared.events.sources import ListingCompleted, Provenance, UsersObserved
from shared.observability.logging import get_logger
from shared.unit import Unit, Units

log = get_logger(__name__)


class Listing:
    """One worker's reading of one run's directory, from the last committed page on."""

    def __init__(self, units: Units, held: Claim) -> None:
        self._units = units
        self._held = held
        self._provenance = provenance_of(held)
        self._pages: int = held.row.pages
        self._fetched: int = held.row.fetched
        self._total: int | None = held.row.total
        self._notes: list[Any] = list(held.row.notes or [])
        self._watermark: datetime | None = held.row.watermark

    async def read(self, session: Session) -> None:
        """Read to the last page. Raises what the source raises, and `LeaseLost`."""
        async with aclosing(read_ahead(session, self._held.row.next_cursor)) as batches:
            async for reads in batches:
                await self.store(reads)

    async def store(self, reads: Sequence[Read]) -> None:
        """Store pages that follow the last committed one, all or none. Raises `LeaseLost`."""
        numbered = self._take_in(reads)
        last = reads[-1].page
        async with self._units.begin(correlation_id=self._held.row.correlation_id, actor=self._provenance.integration_user) as unit:
            listed = self._listed(reads)
            parts = await self._all_parts(unit, listed) if last.next is None and self._held.row.kind == "full" else []
            await self._advance(unit, reads, may_suspect=bool(parts))
            # The run's own row first, as whoever counts pages locks it.
            await self._keep_parts(unit, listed)
            await self._tell(unit, numbered)
            for number, read in numbered:
                troubles = [note for note in read.page.notes if note.is_error]
                await enter_errors(unit.session, self._held.run_id, number, [*read.page.rejected, *map(as_rejection, troubles)])
            entries = [entry for number, read in numbered for entry in _entries(read, number)]
            await write_log(unit.session, self._held.run_id, entries)
            if last.next is None:
                await self._conclude(unit, parts, everything=last.complete)
        records = sum(read.page.fetched for read in reads)
        log.info("pages_committed", run_id=str(self._held.run_id), page=self._pages, records=records, last=last.next is None)

    def _take_in(self, reads: Sequence[Read]) -> list[tuple[int, Read]]:
        """Count the pages; return each with its number. A page without records is no page: it only shows where the listing ends."""
        numbered = []
        for read in reads:
            page = read.page
            self._pages += 1 if page.fetched else 0
            self._fetched += page.fetched
            self._total = self._total if page.total is None else page.total
            self._notes = noted(self._notes, page.notes)
            self._watermark = self._watermark or page.source_time
            numbered.append((self._pages, read))
        return numbered

    def _listed(self, reads: Sequence[Read]) -> list[str]:
        """Return the parts of the source that were read to their end with these pages."""
        return [part for read in reads if (part := read.page.listed_part) is not None]

    async def _keep_parts(self, unit: Unit, listed: list[str]) -> None:
        if listed:
            rows = [{"run_id": self._held.run_id, "part": part} for part in listed]
            await unit.session.execute(insert_for(unit.session, RUN_PARTS).on_conflict_do_nothing(), rows)

    async def _all_parts(self, unit: Unit, listed: list[str]) -> list[str]:
        before = await unit.session.scalars(select(RUN_PARTS.c.part).where(RUN_PARTS.c.run_id == self._held.run_id))
        return sorted({*before, *listed})

    async def _advance(self, unit: Unit, reads: Sequence[Read], *, may_suspect: bool) -> None:
        rejected = sum(len(read.page.rejected) for read in reads)
        troubles = sum(note.is_error for read in reads for note in read.page.notes)
        last = reads[-1].page
        values: dict[str, Any] = {
            "next_cursor": last.next,
            "requests": RUNS.c.requests + sum(read.requests for read in reads),
            "pages": self._pages,
            "fetched": self._fetched,
            "failed": RUNS.c.failed + rejected,
            "errors": RUNS.c.errors + rejected + troubles,
            "notes": self._notes,
            "watermark": self._watermark,
            "total": self._total,
        }
        if last.next is None:
            values |= {"state": "applying", "phase": SUSPECTING if may_suspect else SETTLING, "applying_since": now()}
        await self._held.advance(unit.session, keep=last.next is not None, **values)

    async def _conclude(self, unit: Unit, parts: list[str], *, everything: bool) -> None:
        told = {"pages": self._pages, "records": self._fetched}
        await log_state(unit.session, self._held.run_id, "applying", **told, whole_parts=len(parts))
        if parts:
            unit.record(ListingCompleted(provenance=self._provenance, **told, parts=parts, everything=everything))
        else:
            # What was left out, or not asked for, may hide anybody: this run says of nobody that they are gone.
            await settle(unit, self._held.run_id)

    async def _tell(self, unit: Unit, numbered: Sequence[tuple[int, Read]]) -> None:
        held = [(number, read) for number, read in numbered if read.page.fetched]
        if held:
            rows = [page_row(self._held.run_id, number, "listing", read.page, read.took) for number, read in held]
            await unit.session.execute(insert(RUN_PAGES), rows)
        for number, read in held:
            unit.record(page_event(self._provenance, number, read.page))


def _entries(read: Read, number: int) -> list[Entry]:
    """Return what is logged of a page: what was met on the way, then the page, if it held anything."""
    page = read.page
    details = {"page": number, "records": page.fetched, "fetch_ms": read.took, "fetched_at": page.fetched_at.isoformat()}
    return [*read.incidents, *([Entry("page", details)] if page.fetched else [])]


def page_event(provenance: Provenance, number: int, page: SourcePage) -> UsersObserved:
    """Return the event that tells a page, in whose records there is nothing but JSON."""
    told = UsersObserved(
        provenance=provenance,
        page=number,
        part=page.part,
        fetched_at=page.fetched_at,
        source_ids=[user.source_id for user in page.users],
        records=[],
    )
    # Looked through when they were read: checked once more they would cost as much as their way into the database.
    told = told.model_copy(update={"records": [user.record for user in page.users]})
    return told if page.written is None else told.having_written(records=page.written)


def page_row(run_id: UUID, number: int, kind: str, page: SourcePage, took: int | None = None) -> dict[str, object]:
    """Return the row of a page that is about to be told."""
    return {
        "run_id": run_id,
        "page": number,
        "kind": kind,
        "part": page.part,
        "records": page.fetched,
        "told": len(page.users),
        "fetched_at": page.fetched_at,
        "fetch_ms": took,
        "committed_at": now(),
        "applied_at": None,
    }
