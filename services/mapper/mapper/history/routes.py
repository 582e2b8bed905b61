"""Routes of the past: differences, reasons, and what is not there."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from mapper.history.diffing import diff
from mapper.scope import InReading
from mapper.why.fields import why
from mapper.why.not_there import why_not
from shared.api.base import Moment
from shared.api.history import DiffOut, WhyNotOut, WhyOut
from shared.events.records import RecordType

router = APIRouter(tags=["history"])

Subject = Literal["people", "saas-users", "assets"]
TYPES: dict[Subject, RecordType] = {"people": "person", "saas-users": "saas_user", "assets": "asset"}


@router.get("/{subject}/{record_id}/diff")
async def read_diff(
    subject: Subject,
    record_id: UUID,
    session: InReading,
    since: Annotated[Moment, Query(alias="from")],
    until: Annotated[Moment | None, Query(alias="to")] = None,
) -> DiffOut:
    """Return what changed in a record between two moments."""
    return await diff(session, TYPES[subject], record_id, since, until)


@router.get("/{subject}/{record_id}/fields/{field}/why")
async def read_why(subject: Subject, record_id: UUID, field: str, session: InReading) -> WhyOut:
    """Return why a field has its value."""
    return await why(session, TYPES[subject], record_id, field)


@router.get("/integrations/{integration_id}/why-not")
async def read_why_not(
    integration_id: UUID, session: InReading, source_id: Annotated[str, Query(min_length=1, max_length=200)]
) -> WhyNotOut:
    """Return why a record of a source is not there."""
    return await why_not(session, integration_id, source_id)
