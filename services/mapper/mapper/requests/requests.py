"""Doing what workflow steps ask for, all requests of an event at once, and answering each."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import update

from mapper.authority.asserted import kept_of
from mapper.authority.taking_over import take_over
from mapper.fields.choices import grow
from mapper.fields.fields import fields_of, untold_of
from mapper.guard.losses import Loss, enter
from mapper.guard.ruling import rule_on
from mapper.guard.scopes import locked
from mapper.guard.tray import lost_already
from mapper.records.changing import Draft, write
from mapper.records.loading import drafts_of, portions
from mapper.records.of_anonymised import closed_to
from mapper.records.unique import Claim, claims_of, holders, rewrite
from mapper.requests.changing import Changing
from mapper.requests.losses import losses_in, scopes_of, withheld
from mapper.saas_users.roles import know_roles, role_ids_of
from mapper.tables import LINKS
from mapper.tombstones.tombstones import bury
from shared.api.fields import FieldOut
from shared.clock import now
from shared.events.records import Cause, RecordType
from shared.events.workflows import RecordChangeAnswer, RecordChangeRequest, RecordChangesApplied, RecordChangesRequested
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)


async def apply_requests(unit: Unit, event: RecordChangesRequested) -> None:
    """Change the records; a request that cannot be met, or that the guard withholds, is answered, and holds no other up."""
    await locked(unit.session, await scopes_of(unit.session, event.requests))
    answers = await _applied(unit, event.record_type, event.requests)
    unit.record(RecordChangesApplied(answers=answers))
    refused = sum(answer.outcome == "refused" for answer in answers)
    log.info("requests_applied", record_type=event.record_type, requests=len(answers), refused=refused)


async def release(unit: Unit, requests: Sequence[RecordChangeRequest]) -> list[RecordChangeAnswer]:
    """Do what was withheld and is released now: as any request, but nobody asks the guard. The caller holds the scopes."""
    return await _applied(unit, "saas_user", requests, released=True)


async def _applied(
    unit: Unit, record_type: RecordType, requests: Sequence[RecordChangeRequest], *, released: bool = False
) -> list[RecordChangeAnswer]:
    known = await fields_of(unit.session, record_type)
    drafts = await drafts_of(unit.session, record_type, [request.record_id for request in requests])
    losses = losses_in(requests, drafts)
    held = set() if released else await _held(unit, list(losses.values()))
    wanted = [claim for request in requests for claim in _claims(request, _unique(known))]
    kept = await kept_of(unit.session, record_type, known, drafts)
    await know_roles(unit.session, _role_ids(requests, drafts))
    role_ids = await role_ids_of(unit.session, _roles(requests, drafts))
    closed = await closed_to(unit.session, record_type, drafts.keys(), {key for request in requests for key in request.fields or ()})
    taken = await holders(unit.session, record_type, wanted)
    changing = Changing(record_type, known, drafts, taken, kept=kept, role_ids=role_ids, closed=closed)
    answers = [withheld(request) if str(request.step_id) in held else changing.answer(request) for request in requests]
    await _write(unit, record_type, requests, list(drafts.values()), known)
    made = [losses[answer.step_id] for answer in answers if answer.outcome == "applied" and answer.step_id in losses]
    await enter(unit.session, made, released=released)
    return answers


async def _held(unit: Unit, losses: Sequence[Loss]) -> set[str]:
    """Return the steps whose losses wait in the tray. What is deleted at the source is gone: it is counted, never withheld."""
    ruling = await rule_on(unit, unit.parts.limits, [loss for loss in losses if loss.kind == "deactivated"])
    return {loss.key for loss in ruling.held}


async def _write(
    unit: Unit, record_type: RecordType, requests: Sequence[RecordChangeRequest], drafts: list[Draft], known: dict[str, FieldOut]
) -> None:
    if not drafts:
        return
    # The requests of one event come from one block: any of its steps says which workflow was at work.
    await write(unit, record_type, drafts, cause=requests[0].cause, untold=untold_of(known))
    await rewrite(unit.session, record_type, drafts, _unique(known))
    await grow(unit.session, known.values(), (draft.fields for draft in drafts if draft.changes or draft.quiet))
    deleted = {draft.id: draft for draft in drafts if draft.kind == "deleted_in_source"}
    await bury(unit.session, deleted, requests[0].cause)
    await _close_links(unit, list(deleted), requests[0].cause)
    await lost_already(unit.session, deleted)


def _role_ids(requests: Sequence[RecordChangeRequest], drafts: Mapping[UUID, Draft]) -> dict[UUID, dict[str, str]]:
    """Return the ids of roles that requests name, by instance and label."""
    found: dict[UUID, dict[str, str]] = {}
    for request in requests:
        instance_id = drafts[request.record_id].columns.get("saas_instance_id") if request.record_id in drafts else None
        if instance_id is not None and request.role_ids:
            found.setdefault(instance_id, {}).update(request.role_ids)
    return found


def _roles(requests: Sequence[RecordChangeRequest], drafts: Mapping[UUID, Draft]) -> dict[UUID, list[str]]:
    """Return the roles that requests name, by instance."""
    found: dict[UUID, list[str]] = {}
    for request in requests:
        instance_id = drafts[request.record_id].columns.get("saas_instance_id") if request.record_id in drafts else None
        if instance_id is not None and request.action == "set_roles":
            found.setdefault(instance_id, []).extend(request.roles or ())
    return found


def _unique(known: Mapping[str, FieldOut]) -> list[str]:
    return [key for key, field in known.items() if field.unique]


async def _close_links(unit: Unit, saas_user_ids: list[UUID], cause: Cause) -> None:
    """Let no listing suspect those who were deleted on purpose, and other sources take over what was said of them."""
    for portion in portions(saas_user_ids):
        theirs = LINKS.c.saas_user_id.in_(portion)
        await unit.session.execute(update(LINKS).where(theirs).values(deleted_at=now(), missing_since=None))
        await take_over(unit, theirs, cause=cause)


def _claims(request: RecordChangeRequest, unique: list[str]) -> list[Claim]:
    given: Mapping[str, Any] = {key: value for key, value in (request.fields or {}).items() if isinstance(value, str | int | float)}
    return claims_of(given, unique)
