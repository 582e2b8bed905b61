"""Taking the raw record out of an error, at once; the error itself stays."""

from uuid import UUID

from sqlalchemy import select, update

from connector.runs.runs import read_row
from connector.tables import RUN_ERRORS
from shared.api.runs import RunErrorOut
from shared.clock import now
from shared.errors import NotFound
from shared.unit import Unit


class RunErrorNotFound(NotFound):
    """The run has no such error."""

    code = "run_error_not_found"


async def redact_error(unit: Unit, run_id: UUID, error_id: UUID) -> RunErrorOut:
    """Remove an error's raw record; a repeat changes nothing. Raises `RunNotFound`, `RunErrorNotFound`."""
    await read_row(unit.session, run_id)
    this = (RUN_ERRORS.c.id == error_id, RUN_ERRORS.c.run_id == run_id)
    first = update(RUN_ERRORS).where(*this, RUN_ERRORS.c.redacted_at.is_(None))
    await unit.session.execute(first.values(record=None, redacted_at=now(), redacted_by=unit.actor[:200]))
    row = (await unit.session.execute(select(RUN_ERRORS).where(*this))).first()
    if row is None:
        raise RunErrorNotFound(f"the run has no error {error_id}", remedy="List the run's errors to see those there are.")
    return RunErrorOut.model_validate(row)
