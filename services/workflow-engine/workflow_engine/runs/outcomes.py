"""Writing what came of a batch: one transaction, and only for steps that the worker still holds."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import now
from shared.events.workflows import RecordChangeRequest, RecordChangesRequested
from shared.observability.logging import get_logger
from shared.unit import Unit
from workflow_engine.blocks.base import Outcome
from workflow_engine.runs.advancing import Result, finish
from workflow_engine.runs.claiming import Claim, still_mine
from workflow_engine.settings import WorkflowEngineSettings
from workflow_engine.storable import storable
from workflow_engine.tables import STEPS

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a step is tried, and how long it pauses in between."""

    attempts: int
    first: float
    longest: float

    @classmethod
    def of(cls, settings: WorkflowEngineSettings) -> "Patience":
        """Return what the settings say."""
        return cls(settings.max_attempts, settings.retry_first_seconds, settings.retry_longest_seconds)

    def pause(self, attempt: int) -> timedelta:
        """Return the pause after the given attempt (1 is the first)."""
        return timedelta(seconds=min(self.longest, self.first * 2.0 ** min(attempt - 1, 30)))


async def write_outcomes(unit: Unit, claim: Claim, outcomes: Sequence[Outcome], patience: Patience) -> None:
    """Write the outcomes of a claim. A step that another worker has taken over in the meantime is left to that worker."""
    held = await still_mine(unit.session, claim.id)
    kept = [_settled(outcome, held[outcome.step_id], patience) for outcome in outcomes if outcome.step_id in held]
    if len(kept) < len(outcomes):
        log.warning("outcomes_of_lost_steps_dropped", claim_id=str(claim.id), steps=len(outcomes) - len(kept))
    await finish(unit, [_result(outcome) for outcome in kept if outcome.exit is not None and outcome.change is None])
    await _wait(unit.session, [outcome for outcome in kept if outcome.exit is None], held, patience)
    changing = [outcome for outcome in kept if outcome.exit is not None and outcome.change is not None]
    await _applying(unit.session, changing)
    _request(unit, claim, changing)


def _request(unit: Unit, claim: Claim, outcomes: Sequence[Outcome]) -> None:
    """Ask for the changes, with one event for each correlation: a record's history names what its own run came from."""
    correlations = {work.step_id: work.correlation_id for work in claim.works}
    wanted: dict[UUID, list[RecordChangeRequest]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.change is not None:
            wanted[correlations[outcome.step_id]].append(outcome.change)
    for correlation_id, requests in wanted.items():
        unit.record(RecordChangesRequested(record_type=claim.record_type, requests=requests, correlation_id=correlation_id))


def _settled(outcome: Outcome, row: Row[Any], patience: Patience) -> Outcome:
    """Return the outcome, or the Failure exit when it was to be tried again once too often."""
    if outcome.exit is not None or row.attempt < patience.attempts:
        return outcome
    return replace(outcome, exit="failure", message=f"{outcome.message} (given up after {row.attempt} attempts)", change=None)


def _result(outcome: Outcome) -> Result:
    return Result(
        step_id=outcome.step_id,
        exit=outcome.exit or "failure",
        message=storable(outcome.message),
        code=outcome.code,
        remedy=storable(outcome.remedy),
        evidence=storable(outcome.evidence),
    )


async def _wait(session: AsyncSession, outcomes: Sequence[Outcome], held: dict[UUID, Row[Any]], patience: Patience) -> None:
    rows = [_left(outcome) | {"due": now() + patience.pause(held[outcome.step_id].attempt)} for outcome in outcomes]
    if rows:
        await session.execute(_leaving().values(state="ready", due_at=bindparam("due")), rows)


async def _applying(session: AsyncSession, outcomes: Sequence[Outcome]) -> None:
    if outcomes:
        await session.execute(_leaving().values(state="applying"), [_left(outcome) for outcome in outcomes])


def _leaving() -> Any:
    """Return the update of a step that its worker lets go without an exit."""
    return (
        update(STEPS)
        .where(STEPS.c.id == bindparam("this"))
        .values(
            code=bindparam("said_code"),
            message=bindparam("said_message"),
            remedy=bindparam("said_remedy"),
            evidence=bindparam("left"),
            claim_id=None,
            lease_until=None,
        )
    )


def _left(outcome: Outcome) -> dict[str, Any]:
    return {
        "this": outcome.step_id,
        "said_code": outcome.code,
        "said_message": storable(outcome.message),
        "said_remedy": storable(outcome.remedy),
        "left": storable(outcome.evidence),
    }
