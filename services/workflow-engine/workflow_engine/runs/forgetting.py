"""What is forgotten of the runs over records that were anonymised: that there was a run, and how it ended, stays."""

from sqlalchemy import select, update

from shared.events.records import RecordsChanged
from shared.unit import Unit
from workflow_engine.tables import RUNS, STEPS

ENDED = ("succeeded", "failed")


async def forget_anonymised(unit: Unit, event: RecordsChanged) -> None:
    """Remove the evidence of ended steps over the records that the event says were anonymised: it names the person."""
    ids = [change.record_id for change in event.changes if change.kind == "anonymised"]
    if ids:
        theirs = select(RUNS.c.id).where(RUNS.c.record_id.in_(ids))
        ended = (STEPS.c.run_id.in_(theirs), STEPS.c.state.in_(ENDED))
        await unit.session.execute(update(STEPS).where(*ended).values(evidence={}))
