"""The runner: workers that take ready steps in batches, run their block outside every transaction, and write what came of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from shared.db.engine import Database
from shared.errors import AppError, Invalid
from shared.ids import new_id
from shared.observability.correlation import correlated
from shared.observability.logging import get_logger
from shared.unit import Units
from workflow_engine.blocks.base import Context, Outcome, Work
from workflow_engine.blocks.registry import working
from workflow_engine.clients.connector import ConnectorClient
from workflow_engine.clients.mapper import MapperClient
from workflow_engine.runs.claiming import Claim, claim_batch, extend, give_back, oldest_free
from workflow_engine.runs.outcomes import Patience, write_outcomes
from workflow_engine.runs.preparing import read_version
from workflow_engine.settings import WorkflowEngineSettings

log = get_logger(__name__)

LARGEST_CLAIM = 200
SIGNS_PER_LEASE = 3
"""How often a worker gives a sign of life before its lease would end."""


class Runner:
    """Runs the steps of all workflows. Any number of runners may share one database."""

    def __init__(
        self,
        database: Database,
        units: Units,
        connector: ConnectorClient,
        mapper: MapperClient,
        settings: WorkflowEngineSettings,
        *,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._units = units
        self._connector = connector
        self._mapper = mapper
        self._settings = settings
        self._zone = zone
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._patience = Patience.of(settings)
        self._wake = asyncio.Event()

    def nudge(self) -> None:
        """Say that steps are ready. They are found without it, only later."""
        self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Runner"]:
        """Work in the background inside this block. At its end what is in work may finish; what is late is given back."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(self._work(stop), name=f"steps-{number}") for number in range(self._settings.workers)]
        try:
            yield self
        finally:
            stop.set()
            self._wake.set()
            if tasks:
                _done, late = await asyncio.wait(tasks, timeout=self._settings.stop_seconds)
                for task in late:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def work_once(self) -> int:
        """Run one batch of steps, if any is free; return how many steps it held."""
        claim = await self._claim()
        if claim is None:
            return 0
        try:
            with correlated(claim.correlation_id or new_id()):
                async with self._held(claim):
                    outcomes = await self._outcomes(claim)
                async with self._units.begin(actor="workflow-engine") as unit:
                    await write_outcomes(unit, claim, outcomes, self._patience)
        except asyncio.CancelledError:
            await self._give_back(claim)
            raise
        return len(claim.works)

    async def _work(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._wake.clear()
            try:
                worked = await self.work_once()
            except Exception:
                log.exception("steps_failed")
                worked = 0
            if not worked and not stop.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), timeout=self._settings.worker_poll)

    async def _claim(self) -> Claim | None:
        async with self._database.reading() as session:
            free = await oldest_free(session)
        if free is None:
            return None
        block = working(free.block_type)
        limit = LARGEST_CLAIM if block is None else min(LARGEST_CLAIM, block.largest_batch)
        async with self._units.begin(actor="workflow-engine") as unit:
            return await claim_batch(unit.session, free.version_id, free.block_id, limit=limit, lease=self._lease)

    @asynccontextmanager
    async def _held(self, claim: Claim) -> AsyncIterator[None]:
        """Keep the lease alive inside the block."""
        over = asyncio.Event()
        beating = asyncio.create_task(self._beat(claim, over), name=f"lease-{claim.id}")
        try:
            yield
        finally:
            over.set()
            await beating

    async def _beat(self, claim: Claim, over: asyncio.Event) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), timeout=self._settings.lease_seconds / SIGNS_PER_LEASE)
            if over.is_set():
                return
            try:
                async with self._units.begin(actor="workflow-engine") as unit:
                    held = await extend(unit.session, claim.id, self._lease)
            except Exception:
                # Whatever it is, what the block has done so far must still be written; the next beat may get through.
                log.exception("lease_not_extended", claim_id=str(claim.id))
            else:
                if held < len(claim.works):
                    log.warning("steps_lost", claim_id=str(claim.id), held=held, claimed=len(claim.works))

    async def _outcomes(self, claim: Claim) -> Sequence[Outcome]:
        works, worn_out = self._works(claim)
        try:
            outcomes = await self._run(claim, works) if works else []
        except AppError as error:
            log.warning("batch_tried_again", block=claim.block_id, code=error.code, steps=len(works))
            outcomes = [Outcome(work.step_id, None, error.message, error.code, error.remedy, work.evidence) for work in works]
        except Exception as error:
            log.exception("block_failed", block=claim.block_id)
            why, remedy = f"{type(error).__name__} in the block", "Look at the workflow engine's log."
            outcomes = [Outcome(work.step_id, None, why, "block_failed", remedy, work.evidence) for work in works]
        return [*outcomes, *worn_out]

    def _works(self, claim: Claim) -> tuple[list[Work], list[Outcome]]:
        """Return the steps to run, and the outcomes of those whose workers ended without a word too often."""
        tired = {work.step_id for work in claim.works if work.attempt > self._patience.attempts}
        message = "every worker that took this step ended before it was done; what came of it is unknown"
        remedy = "Look at the source and at the record, then run the workflow again."
        lost = [work for work in claim.works if work.step_id in tired]
        worn_out = [Outcome(work.step_id, "failure", message, "worker_lost", remedy, work.evidence) for work in lost]
        return [work for work in claim.works if work.step_id not in tired], worn_out

    async def _run(self, claim: Claim, works: Sequence[Work]) -> Sequence[Outcome]:
        """Have the block work. Raises what the block raises, and `Invalid` when its settings are not usable."""
        async with self._database.reading() as session:
            version = await read_version(session, claim.version_id)
        block, definition = version.block(claim.block_id)
        if block is None:
            return [_no_block(work, definition.type) for work in works]
        try:
            settings = block.settings_model.model_validate(definition.settings)
        except ValidationError as error:
            raise Invalid(f"the settings of {definition.id} are not usable", remedy="Activate the workflow again.") from error
        context = Context(
            settings=settings,
            rule=version.rule,
            record_type=version.record_type,
            preset=version.presets.get(definition.settings.get("preset", "")),
            workflow_name=version.workflow_name,
            block_name=definition.name or block.title,
            connector=self._connector,
            mapper=self._mapper,
            zone=self._zone,
            operation_seconds=self._settings.operation_seconds,
            parallel_operations=self._settings.parallel_operations,
        )
        outcomes = await block.run(works, context)
        answered = {outcome.step_id for outcome in outcomes}
        forgotten = [Outcome(work.step_id, None, "the block said nothing", "no_outcome") for work in works if work.step_id not in answered]
        return [*outcomes, *forgotten]

    async def _give_back(self, claim: Claim) -> None:
        with suppress(SQLAlchemyError):
            async with self._units.begin(actor="workflow-engine") as unit:
                await give_back(unit.session, claim.id)


def _no_block(work: Work, block_type: str) -> Outcome:
    message = f"this version of Rollcall has no block {block_type!r}"
    return Outcome(work.step_id, "failure", message, "unknown_block", "Change the workflow to use another block.", work.evidence)
