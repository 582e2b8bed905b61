"""Proving absence: everybody whom the listing did not show is asked for by id, and only a 404 counts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.runs.asking import Asking
from connector.runs.beginning import provenance_of
from connector.runs.books import as_rejections, enter_errors
from connector.runs.claims import Claim
from connector.runs.listing import page_event, page_row
from connector.runs.log import Entry, incidents, log_state, write_log
from connector.runs.phases import ABSENCE
from connector.runs.suspects import Finding, Suspect, found, give_up_on_the_rest, not_asked_yet, note_findings
from connector.sources.base import Observed, Session, SourcePage, described
from connector.sources.incidents import requests_in_vain
from connector.sources.keeping import NOT_STORABLE
from connector.tables import RUN_ERRORS, RUN_PAGES, RUNS
from shared.clock import now
from shared.errors import AppError
from shared.events.sources import ProofOfAbsence, UsersProvenAbsent
from shared.events.syncs import Rejection
from shared.observability.logging import get_logger
from shared.unit import Unit, Units

log = get_logger(__name__)

CHUNK = 48
"""Questions whose answers are stored together: what a crash can cost."""


class Proving:
    """What is asked about one run's suspects, and what becomes of the answers."""

    def __init__(self, units: Units, held: Claim, page_size: int) -> None:
        self._units = units
        self._held = held
        self._page_size = page_size
        self._provenance = provenance_of(held)

    async def questions(self) -> list[Suspect]:
        """Return the next ones to ask for; none when everybody was asked for."""
        async with self._units.database.reading() as reading:
            return await not_asked_yet(reading, self._held.run_id, CHUNK)

    async def store(
        self, findings: Mapping[str, Finding], *, requests: int, entries: Sequence[Entry], given_up: dict[str, Any] | None
    ) -> None:
        """Store what was found with `requests` requests. `given_up`: why the source is asked nothing more. Raises `LeaseLost`."""
        async with self._unit() as unit:
            await self._held.advance(unit.session, requests=RUNS.c.requests + requests)
            await note_findings(unit.session, self._held.run_id, findings)
            await write_log(unit.session, self._held.run_id, entries)
            if given_up is not None:
                await give_up_on_the_rest(unit.session, self._held.run_id, given_up)

    async def nobody_can_be_asked(self, error: AppError) -> None:
        """Say that the source does not let itself be asked: nobody is proven absent, and the run names everybody."""
        async with self._unit() as unit:
            await self._held.advance(unit.session, requests=RUNS.c.requests + requests_in_vain())
            await give_up_on_the_rest(unit.session, self._held.run_id, described(error))
        await self.conclude()

    async def conclude(self) -> None:
        """Tell who is there after all (as extra pages) and who is proven absent; keep the rest as errors of the run."""
        async with self._unit() as unit:
            run_id = self._held.run_id
            there = await found(unit.session, run_id, "present")
            present = [row for row in there if row.problem is None]
            odd = [Rejection.model_validate(row.problem) for row in there if row.problem is not None]
            unclear = [*as_rejections(await found(unit.session, run_id, "unclear")), *await _not_named_yet(unit.session, run_id, odd)]
            proofs = [ProofOfAbsence.model_validate(row.proof) for row in await found(unit.session, run_id, "absent")]
            pages = list(_drifted(present, self._page_size))
            await self._held.advance(
                unit.session,
                keep=False,
                phase=ABSENCE,
                applying_since=now(),
                pages=RUNS.c.pages + len(pages),
                fetched=RUNS.c.fetched + len(present),
                errors=RUNS.c.errors + len(unclear),
            )
            for number, page in enumerate(pages, start=self._held.row.pages + 1):
                await self._tell_drift(unit, number, page)
            await enter_errors(unit.session, run_id, 0, unclear)
            counted = {"absent": len(proofs), "present": len(present), "unclear": len(unclear)}
            await log_state(unit.session, run_id, "proven", **counted)
            listed = {"pages": self._held.row.pages, "records": self._held.row.fetched}
            unit.record(UsersProvenAbsent(provenance=self._provenance, proofs=proofs, **listed))
        log.info("absence_concluded", run_id=str(run_id), **counted)

    async def _tell_drift(self, unit: Unit, number: int, page: SourcePage) -> None:
        await unit.session.execute(insert(RUN_PAGES), [page_row(self._held.run_id, number, "drift", page)])
        unit.record(page_event(self._provenance, number, page))

    def _unit(self) -> AbstractAsyncContextManager[Unit]:
        return self._units.begin(correlation_id=self._held.row.correlation_id, actor=self._provenance.integration_user)


def _drifted(rows: Sequence[Row[Any]], size: int) -> Iterator[SourcePage]:
    """Return those who are there after all on pages, each of one part of the source."""
    for part, some in groupby(sorted(rows, key=attrgetter("part")), attrgetter("part")):
        users = [Observed(row.source_id, row.record) for row in some]
        for start in range(0, len(users), size):
            yield SourcePage(users[start : start + size], [], now(), None, part=part)


async def _not_named_yet(session: AsyncSession, run_id: UUID, odd: list[Rejection]) -> list[Rejection]:
    """Return the refusals that the listing itself did not make: a user whose record cannot be stored is there, and one error."""
    if not odd:
        return []
    named = set(
        await session.scalars(select(RUN_ERRORS.c.source_id).where(RUN_ERRORS.c.run_id == run_id, RUN_ERRORS.c.code == NOT_STORABLE))
    )
    return [one for one in odd if one.source_id not in named]


async def prove(proving: Proving, session: Session) -> None:
    """Ask for everybody who is left, then say what was found. Raises `LeaseLost`."""
    asking = Asking(session)
    while questions := await proving.questions():
        findings = await asking.ask(questions)
        await proving.store(findings, requests=asking.requests(), entries=incidents(), given_up=asking.given_up)
    await proving.conclude()
