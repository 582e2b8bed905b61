"""Which requests of workflow steps are losses, and what is answered to those that the guard withholds."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.guard.losses import Loss
from mapper.guard.scopes import Scope, instance
from mapper.records.changing import Draft
from mapper.records.loading import portions
from mapper.tables import SAAS_USERS
from shared.api.guard import WITHHELD_CODE, LossKind
from shared.events.workflows import RecordChangeAnswer, RecordChangeRequest

REMEDY = "Look at the withheld losses: release this one, then run the workflow again."


async def scopes_of(session: AsyncSession, requests: Iterable[RecordChangeRequest]) -> set[Scope]:
    """Return the scopes in which requests may lose something; asked before any record is locked."""
    found: set[Scope] = set()
    for portion in portions({request.record_id for request in requests if _kind(request) is not None}):
        theirs = select(SAAS_USERS.c.saas_instance_id).where(SAAS_USERS.c.id.in_(portion)).distinct()
        found |= {instance(instance_id) for instance_id in await session.scalars(theirs)}
    return found


def losses_in(requests: Sequence[RecordChangeRequest], drafts: Mapping[UUID, Draft]) -> dict[UUID, Loss]:
    """Return what the requests would lose, by step. A record that is deactivated or deleted already loses nothing more."""
    found = {}
    for request in requests:
        kind, draft = _kind(request), drafts.get(request.record_id)
        if kind is None or draft is None or "saas_instance_id" not in draft.columns:
            continue
        if not draft.fields.get("deactivated" if kind == "deactivated" else "deleted_in_source_at"):
            found[request.step_id] = _loss(request, kind, draft)
    return found


def withheld(request: RecordChangeRequest) -> RecordChangeAnswer:
    """Answer a request that waits in the tray."""
    return RecordChangeAnswer(
        step_id=request.step_id,
        record_id=request.record_id,
        outcome="refused",
        code=WITHHELD_CODE,
        message="too many losses within the guard's limit; this one is withheld",
        remedy=REMEDY,
    )


def _kind(request: RecordChangeRequest) -> LossKind | None:
    if request.action == "mark_deleted_in_source":
        return "deleted_in_source"
    by_field = request.action == "set_fields" and bool((request.fields or {}).get("deactivated"))
    return "deactivated" if by_field or request.action == "deactivate" else None


def _loss(request: RecordChangeRequest, kind: LossKind, draft: Draft) -> Loss:
    integration_id = draft.fields.get("integration_id")
    return Loss(
        scope=instance(draft.columns["saas_instance_id"]),
        record_type="saas_user",
        record_id=draft.id,
        kind=kind,
        key=str(request.step_id),
        cause=request.cause,
        integration_id=UUID(integration_id) if integration_id else None,
        source_id=draft.fields.get("source_id"),
        proof=request.proof,
        proven_at=_asked_at(request.proof),
        rule=request.rule,
    )


def _asked_at(proof: dict[str, Any] | None) -> datetime | None:
    """Return when a proof was asked for, where it says so."""
    try:
        at = datetime.fromisoformat(str((proof or {}).get("asked_at")))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
