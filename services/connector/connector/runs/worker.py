"""The worker: looks for runs that wait, takes some, and lets go of them in order when the service stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, delete, select
from sqlalchemy.exc import DBAPIError

from connector.agents.silence import end_silent
from connector.files.retention import remove_old_files
from connector.rates.lane import for_integration
from connector.runs.books import end
from connector.runs.claims import Claim, LeaseLost, give_back, kept_alive, waiting
from connector.runs.expiring import reject_expired
from connector.runs.phases import FOR_THE_MAPPER
from connector.runs.retention import remove_old
from connector.runs.work import fail, take, work
from connector.scope import Parts
from connector.sources.incidents import gathered
from connector.tables import OPERATIONS, RUNS
from shared.clock import now
from shared.errors import AppError
from shared.inbox import KEPT
from shared.observability.correlation import correlated
from shared.observability.logging import get_logger

log = get_logger(__name__)

TIDY_EVERY = timedelta(minutes=10)
LAST_ROUND = 5.0
"""Seconds that a round may still take when the service stops."""


class RunCrashed(AppError):
    """A run met an error that nobody foresaw."""

    code = "internal_error"


class Worker:
    """Works on several runs at once, each under its own lease."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._at_work: dict[UUID, tuple[Claim, asyncio.Task[None]]] = {}
        self._stop = asyncio.Event()
        self._tidied: datetime | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Worker"]:
        """Work inside this block; at its end runs are let go of where they stand, and another worker goes on there."""
        looking = asyncio.create_task(self._look(), name="runs-worker")
        try:
            yield self
        finally:
            self._stop.set()
            # A round is let finish: cut off between a claim's commit and its note here, the claim would be nobody's.
            _, late = await asyncio.wait([looking], timeout=LAST_ROUND)
            under_way = list(self._at_work.values())
            for task in [*late, *(task for _, task in under_way)]:
                task.cancel()
            await asyncio.gather(looking, *(task for _, task in under_way), return_exceptions=True)
            for held, _ in under_way:
                await give_back(self._parts.units, held)

    async def _look(self) -> None:
        while not self._stop.is_set():
            try:
                await self._round()
            except (DBAPIError, OSError) as error:
                log.warning("worker_waits", error=type(error).__name__)
            except Exception:
                # The top of the loop: whatever one round met, the next one must come.
                log.exception("worker_round_failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), timeout=self._parts.settings.worker_poll)

    async def _round(self) -> None:
        room = self._parts.settings.max_parallel_runs - len(self._at_work)
        if room > 0:
            async with self._parts.database.reading() as session:
                candidates = await waiting(session, room, list(self._at_work))
            for candidate in candidates:
                held = await take(self._parts, candidate.id, candidate.fence)
                if held is not None:
                    self._start(held)
        if self._tidied is None or now() - self._tidied >= TIDY_EVERY:
            self._tidied = now()
            await self._tidy()

    def _start(self, held: Claim) -> None:
        task = asyncio.create_task(self._carry_out(held), name=f"run-{held.run_id}")
        self._at_work[held.run_id] = (held, task)
        task.add_done_callback(lambda _done: self._at_work.pop(held.run_id, None))

    async def _carry_out(self, held: Claim) -> None:
        with correlated(held.row.correlation_id), for_integration(held.row.integration_id), gathered():
            try:
                async with kept_alive(self._parts.units, held):
                    await self._guarded(held)
            except LeaseLost:
                log.warning("run_taken_over", run_id=str(held.run_id))
            except (DBAPIError, OSError) as error:
                # The lease runs out by itself; then it is tried again, here or elsewhere.
                log.warning("run_interrupted", run_id=str(held.run_id), error=type(error).__name__)

    async def _guarded(self, held: Claim) -> None:
        try:
            await work(self._parts, held)
        except (LeaseLost, DBAPIError, OSError):
            raise
        except AppError as error:
            log.warning("run_failed", run_id=str(held.run_id), code=error.code, detail=error.message)
            await fail(self._parts, held, error)
        except Exception:
            # The top of the loop: a run must end, whatever its code did.
            log.exception("run_crashed", run_id=str(held.run_id))
            remedy = "Run it again; if it stays, report it with the run's correlation id."
            await fail(self._parts, held, RunCrashed("the run met an error of ours", remedy=remedy))

    async def _tidy(self) -> None:
        """End runs whose pages are never applied or approved; forget what is no longer needed."""
        moment = now()
        late = moment - timedelta(hours=self._parts.settings.applying_hours)
        stuck = select(RUNS).where(RUNS.c.ended_at.is_(None), RUNS.c.phase.in_(FOR_THE_MAPPER), RUNS.c.applying_since < late)
        async with self._parts.units.begin() as unit:
            for row in (await unit.session.execute(stuck.limit(100))).all():
                await end(unit, row, "failed", _not_applied(row))
            await unit.session.execute(delete(OPERATIONS).where(OPERATIONS.c.updated_at < moment - KEPT))
        await reject_expired(self._parts.units, timedelta(days=self._parts.settings.approval_days))
        await end_silent(self._parts.units, timedelta(hours=self._parts.settings.agent_hours))
        await remove_old(self._parts.units, self._parts.settings)
        await remove_old_files(self._parts.units, self._parts.settings)


def _not_applied(row: Row[tuple[object, ...]]) -> dict[str, str]:
    return {
        "code": "applying_timed_out",
        "message": f"{row.pages_applied} of {row.pages} pages were applied, then nothing more was heard",
        "remedy": "Look at the mapper's dead letters and replay them, then run again.",
    }
