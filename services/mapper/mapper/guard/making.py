"""Making released losses: through the same code as those that nobody stopped, with the evidence that was kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from mapper.guard.limits import Limits
from mapper.guard.losses import Loss, enter
from mapper.guard.scopes import instance, integration
from mapper.pages.absence import lose
from mapper.pages.reading import links_of
from mapper.records.loading import drafts_of
from mapper.requests.requests import release
from mapper.undo.making import release as remove_released
from shared.api.guard import NotReleased
from shared.clock import now
from shared.events.records import Cause
from shared.events.workflows import RecordChangeRequest
from shared.unit import Unit

OLD = "evidence_too_old"


@dataclass(slots=True)
class Made:
    """What became of entries, by id."""

    released: list[UUID] = field(default_factory=list)
    moot: list[UUID] = field(default_factory=list)
    refused: list[NotReleased] = field(default_factory=list)


async def make(unit: Unit, limits: Limits, rows: Sequence[Row[Any]], *, force: bool) -> Made:
    """Make the losses of held entries, whose scopes the caller has locked. `force`: whatever the age of their evidence."""
    made = Made()
    oldest = now() - limits.evidence
    good = [row for row in rows if force or row.proven_at is None or row.proven_at >= oldest]
    made.refused += [_too_old(row, limits) for row in rows if row not in good]
    await _missing(unit, [row for row in good if row.kind == "missing"], made)
    await _deactivated(unit, [row for row in good if row.kind == "deactivated"], made)
    await _deleted(unit, [row for row in good if row.kind == "deleted_in_source"], made)
    await _removed(unit, [row for row in good if row.kind == "removed"], made)
    return made


def _too_old(row: Row[Any], limits: Limits) -> NotReleased:
    hours = int(limits.evidence.total_seconds() // 3600)
    return NotReleased(
        id=row.id,
        code=OLD,
        message=f"its proof is older than {hours} hours",
        remedy="Run the integration or the workflow again, which renews the proof; or release it with force.",
    )


async def _missing(unit: Unit, rows: Sequence[Row[Any]], made: Made) -> None:
    """Mark as missing who is still linked, and was not seen after the proof."""
    by_integration: dict[UUID, list[Row[Any]]] = {}
    for row in rows:
        by_integration.setdefault(row.integration_id, []).append(row)
    losses = []
    for integration_id, mine in by_integration.items():
        links = await links_of(unit.session, integration_id, [row.source_id for row in mine])
        stand = [row for row in mine if _stands(row, links)]
        losses += [_loss(unit, row) for row in stand]
        made.released += [row.id for row in stand]
        made.moot += [row.id for row in mine if row not in stand]
    if losses:
        await lose(unit, losses, cause=losses[0].cause)
        await enter(unit.session, losses, released=True)


def _stands(row: Row[Any], links: Mapping[str, Row[Any]]) -> bool:
    link = links.get(row.source_id)
    if link is None or link.missing_since is not None or link.deleted_at is not None:
        return False
    return row.proven_at is None or bool(link.last_observed_at < row.proven_at)


async def _deactivated(unit: Unit, rows: Sequence[Row[Any]], made: Made) -> None:
    """Deactivate; who is deactivated already, or gone, needs nothing more."""
    requests = {row.id: _request(unit, row) for row in rows}
    answers = await release(unit, list(requests.values())) if requests else []
    applied = {answer.step_id for answer in answers if answer.outcome == "applied"}
    made.released += [entry_id for entry_id, request in requests.items() if request.step_id in applied]
    made.moot += [entry_id for entry_id, request in requests.items() if request.step_id not in applied]


async def _deleted(unit: Unit, rows: Sequence[Row[Any]], made: Made) -> None:
    """Grant the leave: the deletion itself is for the workflow, which looks again whether it is still wanted."""
    drafts = await drafts_of(unit.session, "saas_user", [row.record_id for row in rows])
    for row in rows:
        draft = drafts.get(row.record_id)
        done = draft is None or bool(draft.fields.get("deleted_in_source_at"))
        (made.moot if done else made.released).append(row.id)


async def _removed(unit: Unit, rows: Sequence[Row[Any]], made: Made) -> None:
    """Remove what an undo wanted to remove; what somebody had to do with since stays."""
    by_undo: dict[UUID, list[Row[Any]]] = {}
    for row in rows:
        by_undo.setdefault(UUID(row.proof["undo_id"]), []).append(row)
    for undo_id, mine in by_undo.items():
        gone = await remove_released(unit, undo_id, [row.record_id for row in mine])
        made.released += [row.id for row in mine if row.record_id in gone]
        made.moot += [row.id for row in mine if row.record_id not in gone]


def _request(unit: Unit, row: Row[Any]) -> RecordChangeRequest:
    return RecordChangeRequest(
        step_id=UUID(row.key), record_id=row.record_id, action="deactivate", proof=row.proof, rule=row.rule, cause=_cause(unit, row)
    )


def _loss(unit: Unit, row: Row[Any]) -> Loss:
    return Loss(
        scope=integration(row.integration_id) if row.saas_instance_id is None else instance(row.saas_instance_id),
        record_type=row.record_type,
        record_id=row.record_id,
        kind=row.kind,
        key=row.key,
        cause=_cause(unit, row),
        integration_id=row.integration_id,
        source_id=row.source_id,
        proof=row.proof,
        proven_at=row.proven_at,
        rule=row.rule,
    )


def _cause(unit: Unit, row: Row[Any]) -> Cause:
    """Name who released the loss, and what had asked for it."""
    asked = row.cause.get("detail") or row.cause["actor"]
    return Cause(kind="user", id=str(unit.correlation_id), actor=unit.actor, detail=f"released what was withheld of {asked}")
