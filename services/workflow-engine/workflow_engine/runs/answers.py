"""The mapper's answers: a step that asked for a change succeeds once the change is made."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from shared.events.workflows import RecordChangeAnswer
from shared.unit import Unit
from workflow_engine.runs.advancing import Result, finish
from workflow_engine.tables import STEPS


async def take_answers(unit: Unit, answers: Sequence[RecordChangeAnswer]) -> None:
    """Let the answered steps take their exits; those that do not wait for an answer are left alone."""
    by_step = {answer.step_id: answer for answer in answers}
    waiting = select(STEPS).where(STEPS.c.id.in_(list(by_step)), STEPS.c.state == "applying").order_by(STEPS.c.id).with_for_update()
    rows = (await unit.session.execute(waiting)).all()
    await finish(unit, [_result(row, by_step[row.id]) for row in rows])


def _result(row: Row[Any], answer: RecordChangeAnswer) -> Result:
    if answer.outcome != "refused":
        return Result(row.id, "success", row.message, row.code, None, row.evidence)
    return Result(
        step_id=row.id,
        exit="failure",
        message=f"{row.message}; but the record could not be changed: {answer.message or 'it was refused'}",
        code=answer.code or "change_refused",
        remedy=answer.remedy or "Correct the record, then run the workflow again.",
        evidence=row.evidence,
    )
