"""Replaying: the stored records of errors are told to the mapper again, as a run of its own, once their cause is mended."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.runs.beginning import provenance_of
from connector.runs.books import settle
from connector.runs.claims import Claim
from connector.runs.listing import page_event, page_row
from connector.runs.log import Entry, log_state, write_log
from connector.runs.phases import SETTLING
from connector.runs.runs import read_row, request_run
from connector.sources.base import Observed, SourcePage
from connector.sources.keeping import NOT_STORABLE
from connector.tables import RUN_ERRORS, RUN_PAGES, RUNS
from shared.api.runs import RunOut
from shared.clock import now
from shared.errors import Conflict
from shared.unit import Unit, Units


class NothingToReplay(Conflict):
    """None of the errors has a record that could be told again."""

    code = "nothing_to_replay"


class RunNotEnded(Conflict):
    """The run may still add errors."""

    code = "run_not_ended"


async def request_replay(unit: Unit, run_id: UUID, error_ids: Sequence[UUID] | None) -> RunOut:
    """Queue a run that tells the records of these errors again, or of all. Those that have been told again already are left out.

    Raises `RunNotFound`, `RunNotEnded`, `NothingToReplay`, and what `request_run` raises.
    """
    row = await read_row(unit.session, run_id)
    if row.ended_at is None:
        raise RunNotEnded(f"the run is {row.state}", remedy="Wait for its end, or cancel it.")
    if row.mode == "plan":
        remedy = "Apply the plan; what it rejects then are that run's errors."
        fields = [{"field": "run_id", "message": "is a run that only planned"}]
        raise NothingToReplay("the run only planned: replaying would write", remedy=remedy, fields=fields)
    replay = await request_run(unit, row.integration_id, kind="replay", replay_of=run_id)
    ended = select(RUNS.c.id).where(RUNS.c.ended_at.is_not(None))
    replayable = [
        RUN_ERRORS.c.run_id == run_id,
        RUN_ERRORS.c.record.is_not(None),
        RUN_ERRORS.c.source_id != "",
        RUN_ERRORS.c.code != NOT_STORABLE,
        RUN_ERRORS.c.replayed_at.is_(None),
        or_(RUN_ERRORS.c.replay_run_id.is_(None), RUN_ERRORS.c.replay_run_id.in_(ended)),
    ]
    if error_ids is not None:
        replayable.append(RUN_ERRORS.c.id.in_(error_ids))
    taken = await unit.session.execute(update(RUN_ERRORS).where(*replayable).values(replay_run_id=replay.id).returning(RUN_ERRORS.c.id))
    if not taken.all():
        place = "run_id" if error_ids is None else "error_ids"
        raise NothingToReplay(
            "none of these errors has a record that could be told again",
            remedy="Left are records without an id, odd ones that cannot be stored, redacted, removed and replayed ones; run in full.",
            fields=[{"field": place, "message": "names no error whose record could be told again"}],
        )
    return replay


class Replaying:
    """One worker's telling of one replay's records, from the last committed page on."""

    def __init__(self, units: Units, held: Claim, page_size: int) -> None:
        self._units = units
        self._held = held
        self._page_size = page_size
        self._provenance = provenance_of(held)
        self._pages: int = held.row.pages
        self._fetched: int = held.row.fetched

    async def tell(self) -> None:
        """Tell everything that is left, then wait for the mapper. Raises `LeaseLost`."""
        while True:
            async with self._units.begin(correlation_id=self._held.row.correlation_id, actor=self._provenance.integration_user) as unit:
                rows = await self._next(unit.session)
                if not rows:
                    await self._finish(unit)
                    return
                await self._commit(unit, rows)

    async def _next(self, session: AsyncSession) -> Sequence[Row[Any]]:
        """Return the next errors of one page of their run: what was read together is as old as that page."""
        left = (RUN_ERRORS.c.replay_run_id == self._held.run_id, RUN_ERRORS.c.replayed_at.is_(None), RUN_ERRORS.c.record.is_not(None))
        page = select(RUN_ERRORS.c.page).where(*left).order_by(RUN_ERRORS.c.page).limit(1).scalar_subquery()
        statement = select(RUN_ERRORS).where(*left, RUN_ERRORS.c.page == page).order_by(RUN_ERRORS.c.id)
        return (await session.execute(statement.limit(self._page_size))).all()

    async def _commit(self, unit: Unit, rows: Sequence[Row[Any]]) -> None:
        number = self._pages + 1
        read = await _page_of(unit.session, rows[0])
        page = SourcePage([Observed(row.source_id, row.record) for row in rows], [], read.fetched_at, None, part=read.part)
        await self._held.advance(unit.session, pages=number, fetched=self._fetched + page.fetched)
        await unit.session.execute(insert(RUN_PAGES), [page_row(self._held.run_id, number, "replay", page)])
        told = update(RUN_ERRORS).where(RUN_ERRORS.c.id.in_([row.id for row in rows]))
        await unit.session.execute(told.values(replayed_at=now()))
        await write_log(unit.session, self._held.run_id, [Entry("page", {"page": number, "records": page.fetched})])
        unit.record(page_event(self._provenance, number, page))
        self._pages, self._fetched = number, self._fetched + page.fetched

    async def _finish(self, unit: Unit) -> None:
        await self._held.advance(unit.session, keep=False, state="applying", phase=SETTLING, applying_since=now())
        await log_state(unit.session, self._held.run_id, "applying", pages=self._pages, records=self._fetched)
        await settle(unit, self._held.run_id)


async def _page_of(session: AsyncSession, error: Row[Any]) -> Row[Any, Any]:
    page = select(RUN_PAGES.c.fetched_at, RUN_PAGES.c.part).where(RUN_PAGES.c.run_id == error.run_id, RUN_PAGES.c.page == error.page)
    return (await session.execute(page)).one()
