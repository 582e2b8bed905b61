"""Routes of the checks."""

from uuid import UUID

from fastapi import APIRouter

from mapper.checks.page import check_page
from mapper.checks.source import check_source
from mapper.scope import InReading, InRequest
from shared.api.checks import CheckIn, CheckOut
from shared.errors import Invalid

router = APIRouter(tags=["checks"])


@router.post("/integrations/{integration_id}/mapping/check")
async def page(integration_id: UUID, given: CheckIn, unit: InRequest) -> CheckOut:
    """Return what would become of a page's records; nothing is written."""
    if given.provenance.integration_id != integration_id or len(given.source_ids) != len(given.records):
        raise Invalid(
            "the records belong to another integration, or have no ids", remedy="Send the integration's own records, each with its id."
        )
    return await check_page(unit, given)


@router.get("/plans/{run_id}/check")
async def source(run_id: UUID, session: InReading) -> CheckOut:
    """Return what would become of all records of a plan."""
    return await check_source(session, run_id)
