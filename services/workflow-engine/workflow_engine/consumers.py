"""What the workflow engine hears."""

from shared.bus.subscriptions import Lane, Subscriptions
from shared.events.records import RecordsChanged
from shared.events.workflows import RecordChangesApplied, StepsReady
from shared.unit import Unit
from workflow_engine.runs.answers import take_answers
from workflow_engine.runs.forgetting import forget_anonymised
from workflow_engine.triggers.record_changes import start_for

subscriptions = Subscriptions("workflow-engine")

RECORDS = Lane("records")
ANSWERS = Lane("answers", ordered=False)
STEPS = Lane("steps", ordered=False)


@subscriptions.on(RecordsChanged, lane=RECORDS)
async def records_changed(event: RecordsChanged, unit: Unit) -> None:
    """Start the workflows that wait for such a change, and forget who was anonymised."""
    await start_for(unit, event)
    await forget_anonymised(unit, event)


@subscriptions.on(RecordChangesApplied, lane=ANSWERS)
async def changes_applied(event: RecordChangesApplied, unit: Unit) -> None:
    """Take the runs on whose changes were made or refused."""
    await take_answers(unit, event.answers)


@subscriptions.on(StepsReady, lane=STEPS)
async def steps_ready(event: StepsReady, unit: Unit) -> None:
    """Wake this process's workers; the rows are the truth."""
    del event
    unit.parts.runner.nudge()
