"""Reading a directory: each page, its cursor and its event commit together; one page is read ahead, never more."""

import asyncio
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from connector.runs.beginning import provenance_of
from connector.runs.books import enter_errors, settle
from connector.runs.claims import Claim
from connector.runs.log import Entry, incidents, log_state, write_log
from connector.runs.notes import as_rejection, noted
from connector.runs.phases import SETTLING, SUSPECTING
from connector.sources.base import Cursor, Session, SourcePage
from connector.tables import RUN_PAGES, RUNS
from shared.clock import now
from shared.events.sources import ListingCompleted, UsersObserved
from shared.observability.logging import get_logger
from shared.unit import Unit, Units

log = get_logger(__name__)


class Listing:
    """One worker's reading of one run's directory, from the last committed page on."""

    def __init__(self, units: Units, held: Claim, session: Session) -> None:
        self._units = units
        self._held = held
        self._session = session
        self._provenance = provenance_of(held)
        self._pages: int = held.row.pages
        self._fetched: int = held.row.fetched
        self._notes: list[Any] = list(held.row.notes or [])
        self._watermark: datetime | None = held.row.watermark
        self._requests_told = 0

    async def read(self) -> None:
        """Read to the last page. Raises what the source raises, and `LeaseLost`."""
        ahead = asyncio.create_task(self._fetch(self._held.row.next_cursor))
        try:
            while True:
                page, took = await ahead
                if page.next is not None:
                    ahead = asyncio.create_task(self._fetch(page.next))
                await self._commit(page, took)
                if page.next is None:
                    return
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _fetch(self, cursor: Cursor | None) -> tuple[SourcePage, int]:
        """Return a page and the milliseconds that it took, with everything that was waited for."""
        began = monotonic()
        page = await self._session.page(cursor)
        return page, round((monotonic() - began) * 1000)

    async def _commit(self, page: SourcePage, took: int) -> None:
        is_last, whole = page.next is None, page.complete and self._held.row.kind == "full"
        requests = self._session.requests
        troubles = [note for note in page.notes if note.is_error]
        self._notes = noted(self._notes, page.notes)
        pages, fetched = self._pages + (1 if page.fetched else 0), self._fetched + page.fetched
        async with self._units.begin(correlation_id=self._held.row.correlation_id, actor=self._provenance.integration_user) as unit:
            values: dict[str, Any] = {
                "next_cursor": page.next,
                "requests": RUNS.c.requests + (requests - self._requests_told),
                "pages": pages,
                "fetched": fetched,
                "failed": RUNS.c.failed + len(page.rejected),
                "errors": RUNS.c.errors + len(page.rejected) + len(troubles),
                "notes": self._notes,
                "watermark": self._watermark_after(page),
                "total": self._held.row.total if page.total is None else page.total,
            }
            if is_last:
                phase = SUSPECTING if whole else SETTLING
                values |= {"state": "applying", "phase": phase, "applying_since": now()}
            await self._held.advance(unit.session, keep=not is_last, **values)
            # A page without records is no page: it only shows where the listing ends.
            if page.fetched:
                await self._tell(unit, page, pages, took)
            await write_log(unit.session, self._held.run_id, _entries(page, pages, took))
            await enter_errors(unit.session, self._held.run_id, pages, [as_rejection(note) for note in troubles])
            if is_last:
                await log_state(unit.session, self._held.run_id, "applying", pages=pages, records=fetched, whole=whole)
            if is_last and whole:
                unit.record(ListingCompleted(provenance=self._provenance, pages=pages, records=fetched))
            elif is_last:
                # What was left out, or not asked for, may hide anybody: this run says of nobody that they are gone.
                await settle(unit, self._held.run_id)
        self._requests_told, self._pages, self._fetched, self._watermark = requests, pages, fetched, values["watermark"]
        log.info("page_committed", run_id=str(self._held.run_id), page=self._pages, records=page.fetched, last=is_last)

    def _watermark_after(self, page: SourcePage) -> datetime | None:
        """Return from when on the next quick run must read: since this run began, or since where it began if it left something out."""
        if page.next is None and not page.complete:
            since: datetime | None = self._held.row.since
            return since
        return self._watermark or page.source_time

    async def _tell(self, unit: Unit, page: SourcePage, number: int, took: int) -> None:
        row = page_row(self._held.run_id, number, "listing", page, took)
        await unit.session.execute(insert(RUN_PAGES), [row])
        await enter_errors(unit.session, self._held.run_id, number, page.rejected)
        unit.record(
            UsersObserved(
                provenance=self._provenance,
                page=number,
                fetched_at=page.fetched_at,
                source_ids=[user.source_id for user in page.users],
                records=[user.record for user in page.users],
            )
        )


def _entries(page: SourcePage, number: int, took: int) -> list[Entry]:
    """Return what is logged of a page: what was met on the way, then the page, if it held anything."""
    details = {"page": number, "records": page.fetched, "fetch_ms": took, "fetched_at": page.fetched_at.isoformat()}
    return incidents() + ([Entry("page", details)] if page.fetched else [])


def page_row(run_id: UUID, number: int, kind: str, page: SourcePage, took: int | None = None) -> dict[str, object]:
    """Return the row of a page that is about to be told."""
    return {
        "run_id": run_id,
        "page": number,
        "kind": kind,
        "records": page.fetched,
        "told": len(page.users),
        "fetched_at": page.fetched_at,
        "fetch_ms": took,
        "committed_at": now(),
        "applied_at": None,
    }
