"""Doing what workflow steps ask for, all requests of an event at once, and answering each."""

from sqlalchemy import update

from mapper.fields.fields import fields_of
from mapper.fields.values import DoesNotFit, fitted, moment
from mapper.records.changing import Draft, write
from mapper.records.loading import drafts_of
from mapper.records.unique import rewrite
from mapper.tables import LINKS
from shared.api.records import FieldOut
from shared.clock import now
from shared.events.workflows import RecordChangeAnswer, RecordChangeRequest, RecordChangesApplied, RecordChangesRequested
from shared.unit import Unit


async def apply_requests(unit: Unit, event: RecordChangesRequested) -> None:
    """Change the records; a request that cannot be met is answered, and holds no other up."""
    known = await fields_of(unit.session, event.record_type)
    drafts = await drafts_of(unit.session, event.record_type, [request.record_id for request in event.requests])
    answers = [_answer(request, drafts.get(request.record_id), known) for request in event.requests]
    if event.requests:
        # The requests of one event come from one block: any of its steps says which workflow was at work.
        await write(unit, event.record_type, list(drafts.values()), cause=event.requests[0].cause)
        unique = [key for key, field in known.items() if field.unique]
        await rewrite(unit.session, event.record_type, list(drafts.values()), unique)
    deleted = [request.record_id for request in event.requests if request.action == "mark_deleted_in_source"]
    if deleted:
        await unit.session.execute(update(LINKS).where(LINKS.c.saas_user_id.in_(deleted)).values(deleted_at=now(), missing_since=None))
    unit.record(RecordChangesApplied(answers=answers))


def _answer(request: RecordChangeRequest, draft: Draft | None, known: dict[str, FieldOut]) -> RecordChangeAnswer:
    if draft is None:
        message = "the record is not there any more"
        return RecordChangeAnswer(
            step_id=request.step_id, record_id=request.record_id, outcome="refused", code="record_not_found", message=message
        )
    before = len(draft.changes)
    try:
        _change(request, draft, known)
    except DoesNotFit as error:
        return RecordChangeAnswer(
            step_id=request.step_id, record_id=request.record_id, outcome="refused", code="bad_values", message=str(error)
        )
    draft.cause = request.cause
    outcome = "applied" if len(draft.changes) > before else "unchanged"
    return RecordChangeAnswer(step_id=request.step_id, record_id=request.record_id, outcome=outcome)


def _change(request: RecordChangeRequest, draft: Draft, known: dict[str, FieldOut]) -> None:
    at = moment(now().isoformat())
    match request.action:
        case "set_roles":
            draft.set("roles", request.roles or [])
        case "deactivate":
            if not draft.fields.get("deactivated"):
                draft.kind, draft.proof = "deactivated", request.proof
                draft.set("deactivated", value=True)
                draft.set("deactivated_at", at)
        case "mark_deleted_in_source":
            if not draft.fields.get("deleted_in_source_at"):
                draft.kind, draft.proof = "deleted_in_source", request.proof
                draft.set("deleted_in_source_at", at)
                draft.set("missing_since", None)
        case "set_fields":
            for key, value in (request.fields or {}).items():
                if key not in known or not known[key].editable:
                    raise DoesNotFit(f"{key} is not a field that may be changed")
                draft.set(key, fitted(value, known[key].data_type))
