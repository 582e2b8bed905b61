"""Outcomes of steps that could not do their work, and which errors are worth another attempt."""

from typing import Any

from shared.errors import AppError, Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from workflow_engine.blocks.base import Outcome, Work

SAID_NO = (Conflict, Forbidden, Invalid, NotFound, Unauthenticated)
"""Errors that say that nothing was done, and that it would be the same tomorrow."""


def worth_another_attempt(error: AppError) -> bool:
    """Return whether asking again may help; then it is also not known whether something was done."""
    return not isinstance(error, SAID_NO)


def later(work: Work, error: AppError, evidence: dict[str, Any] | None = None) -> Outcome:
    """Return the outcome of a step that is tried again."""
    return Outcome(work.step_id, None, error.message, error.code, error.remedy, {**work.evidence, **(evidence or {})})


def failed(work: Work, error: AppError, evidence: dict[str, Any] | None = None) -> Outcome:
    """Return the outcome of a step that was refused."""
    remedy = error.remedy or "Look at the settings of the block, then run the workflow again."
    return Outcome(work.step_id, "failure", error.message, error.code, remedy, {**work.evidence, **(evidence or {})})


def missing_record(work: Work) -> Outcome:
    """Return the outcome of a step whose record is no longer there."""
    return Outcome(
        work.step_id, "failure", "the record is no longer there", "record_not_found", "Nothing is left to do for it.", dict(work.evidence)
    )
