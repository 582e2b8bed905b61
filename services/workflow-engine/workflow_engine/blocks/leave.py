"""Leave: before anything is destroyed at a source, the guard on losses is asked for the whole batch."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from shared.api.guard import WITHHELD_CODE, LeaveAnswer, LeaveAsk, LeaveBackIn, LeaveGiven, LeaveIn
from shared.api.workflows import Exit
from shared.errors import AppError
from shared.observability.logging import get_logger
from workflow_engine.blocks.base import MAYBE_DONE, Context, Outcome, Work
from workflow_engine.blocks.failures import worth_another_attempt

log = get_logger(__name__)

NOT_ASKED = object()


async def leave_for(batch: Sequence[Work], context: Context) -> dict[UUID, Outcome | None]:
    """Return, by step, the outcome of those that must not act now, and None for those that may; one that was not asked for is left out."""
    if not batch:
        return {}
    asks = [_ask(work, context) for work in batch]
    try:
        answers = await context.mapper.leave(LeaveIn(asks=asks), actor=context.actor)
    except AppError as error:
        return {work.step_id: _not_asked(work, error) for work in batch}
    by_key = {answer.key: answer for answer in answers}
    return {work.step_id: _judged(work, by_key[str(work.step_id)]) for work in batch if str(work.step_id) in by_key}


async def give_back(batch: Sequence[Work], outcomes: Sequence[Outcome], leave: Mapping[UUID, Outcome | None], context: Context) -> None:
    """Give back the leaves of steps that ended without destroying anything. One that cannot be given back counts a little longer."""
    ended = {outcome.step_id for outcome in outcomes if outcome.exit == "failure" and not outcome.evidence.get(MAYBE_DONE)}
    unused = [work for work in batch if work.step_id in ended and leave.get(work.step_id, NOT_ASKED) is None]
    if not unused:
        return
    leaves = [LeaveGiven(key=str(work.step_id), record_id=work.record_id) for work in unused]
    try:
        await context.mapper.give_leave_back(LeaveBackIn(leaves=leaves), actor=context.actor)
    except AppError as error:
        log.warning("leave_not_given_back", steps=len(leaves), code=error.code)


def _ask(work: Work, context: Context) -> LeaveAsk:
    return LeaveAsk(key=str(work.step_id), record_id=work.record_id, cause=context.cause(work.step_id), rule=context.sent_rule)


def _judged(work: Work, answer: LeaveAnswer) -> Outcome | None:
    if answer.outcome == "allowed":
        return None
    message = f"{answer.message or 'the guard withholds this deletion'}; nothing was sent to the source"
    remedy = answer.remedy or "Look at the withheld losses, then run the workflow again."
    return Outcome(work.step_id, "failure", message, WITHHELD_CODE, remedy, dict(work.evidence))


def _not_asked(work: Work, error: AppError) -> Outcome:
    """Return the outcome of a step whose leave is not known: nothing was sent."""
    remedy = error.remedy or "Nothing was sent to the source."
    taken: Exit | None = None if worth_another_attempt(error) else "failure"
    return Outcome(work.step_id, taken, f"the guard could not be asked: {error.message}", error.code, remedy, dict(work.evidence))
