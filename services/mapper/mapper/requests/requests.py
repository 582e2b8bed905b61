"""Doing what workflow steps ask for, all requests of an event at once, and answering each."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import update

from mapper.fields.fields import fields_of, untold_of
from mapper.records.changing import Draft, write
from mapper.records.loading import drafts_of, portions
from mapper.records.unique import Claim, claims_of, holders, rewrite
from mapper.requests.changing import Changing
from mapper.tables import LINKS
from shared.clock import now
from shared.events.workflows import RecordChangeRequest, RecordChangesApplied, RecordChangesRequested
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)


async def apply_requests(unit: Unit, event: RecordChangesRequested) -> None:
    """Change the records; a request that cannot be met is answered, and holds no other up."""
    known = await fields_of(unit.session, event.record_type)
    unique = [key for key, field in known.items() if field.unique]
    drafts = await drafts_of(unit.session, event.record_type, [request.record_id for request in event.requests])
    wanted = [claim for request in event.requests for claim in _claims(request, unique)]
    changing = Changing(event.record_type, known, drafts, await holders(unit.session, event.record_type, wanted))
    answers = [changing.answer(request) for request in event.requests]
    await _write(unit, event, list(drafts.values()), untold_of(known), unique)
    unit.record(RecordChangesApplied(answers=answers))
    refused = sum(answer.outcome == "refused" for answer in answers)
    log.info("requests_applied", record_type=event.record_type, requests=len(answers), refused=refused)


async def _write(unit: Unit, event: RecordChangesRequested, drafts: list[Draft], untold: frozenset[str], unique: list[str]) -> None:
    if not drafts:
        return
    # The requests of one event come from one block: any of its steps says which workflow was at work.
    await write(unit, event.record_type, drafts, cause=event.requests[0].cause, untold=untold)
    await rewrite(unit.session, event.record_type, drafts, unique)
    await _close_links(unit, [draft.id for draft in drafts if draft.kind == "deleted_in_source"])


async def _close_links(unit: Unit, saas_user_ids: list[UUID]) -> None:
    """Let no listing suspect those who were deleted on purpose."""
    for portion in portions(saas_user_ids):
        await unit.session.execute(update(LINKS).where(LINKS.c.saas_user_id.in_(portion)).values(deleted_at=now(), missing_since=None))


def _claims(request: RecordChangeRequest, unique: list[str]) -> list[Claim]:
    given: Mapping[str, Any] = {key: value for key, value in (request.fields or {}).items() if isinstance(value, str | int | float)}
    return claims_of(given, unique)
