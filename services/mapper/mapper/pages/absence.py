"""Who was missing from a complete listing: suspected first, marked only when proven and when the guard lets it pass."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.taking_over import take_over
from mapper.fields.fields import fields_of, untold_of
from mapper.fields.values import moment
from mapper.filters.settling import settle
from mapper.guard.losses import Loss, enter
from mapper.guard.ruling import rule_on
from mapper.guard.scopes import instance, integration, locked
from mapper.history.runs import note_began, note_wrote
from mapper.pages.reading import links_of, record_of
from mapper.plans.missing import plan_missing, still_missing
from mapper.records.changing import write
from mapper.records.loading import drafts_of, portions
from mapper.records.many import given
from mapper.tables import LINKS, PLAN_ITEMS, SAAS_USERS
from shared.clock import now
from shared.events.records import Cause, RecordType
from shared.events.sources import ListingCompleted, ProofOfAbsence, Provenance, UsersProvenAbsent
from shared.events.syncs import AbsenceApplied, AbsenceSuspected
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)

GONE = 404


async def suspect(unit: Unit, event: ListingCompleted) -> None:
    """Name the users whom the listing did not show, of those last observed in a part of the source that it read to its end.

    Those proven missing before are not asked for again.
    """
    provenance = event.provenance
    if provenance.mode == "apply" and event.everything:
        await settle(unit.session, provenance)
    listed = given(unit.session, [(part,) for part in event.parts], "part")
    unseen = (
        select(LINKS.c.source_id, LINKS.c.part)
        .where(
            LINKS.c.integration_id == provenance.integration_id,
            LINKS.c.part.in_(select(listed.c.part)),
            _not_shown(provenance),
            LINKS.c.missing_since.is_(None),
            LINKS.c.deleted_at.is_(None),
        )
        .order_by(LINKS.c.source_id)
    )
    rows = (await unit.session.execute(unseen)).all()
    suspects = {"source_ids": [row.source_id for row in rows], "parts": [row.part for row in rows]}
    unit.record(AbsenceSuspected(integration_id=provenance.integration_id, run_id=provenance.run_id, **suspects))
    log.info("absence_suspected", run_id=str(provenance.run_id), users=len(rows), parts=len(event.parts))


async def mark_missing(unit: Unit, event: UsersProvenAbsent) -> None:
    """Mark the users for whom there is proof, or withhold them all when they are too many; nobody is deleted or deactivated."""
    provenance = event.provenance
    proofs = {proof.source_id: proof for proof in event.proofs if proof.status == GONE}
    if provenance.mode == "plan":
        await _plan_missing(unit, event, proofs)
        return
    await locked(unit.session, {loss.scope for loss in await _losses(unit.session, event, proofs)})
    # Read again: whoever held the scopes before may have marked some of them.
    losses = await _losses(unit.session, event, proofs)
    if provenance.plan_run_id is not None:
        links = await links_of(unit.session, provenance.integration_id, proofs)
        losses = await still_missing(unit.session, provenance.plan_run_id, losses, links, unit.parts.limits.evidence)
    ruling = await rule_on(unit, unit.parts.limits, losses)
    if ruling.passed:
        await note_began(unit.session, provenance, mapping_version=0)
    await lose(unit, ruling.passed, cause=_cause(event), initial=provenance.initial)
    await note_wrote(unit.session, provenance.run_id)
    await enter(unit.session, ruling.passed)
    told = {"newly_missing": len(ruling.passed), "withheld": len(ruling.held)}
    missing = await _missing(unit.session, provenance.integration_id)
    unit.record(AbsenceApplied(integration_id=provenance.integration_id, run_id=provenance.run_id, missing=missing, **told))
    log.info("absence_applied", run_id=str(provenance.run_id), missing=missing, **told)


async def _plan_missing(unit: Unit, event: UsersProvenAbsent, proofs: Mapping[str, ProofOfAbsence]) -> None:
    """Write down who would be marked."""
    provenance = event.provenance
    losses = await _losses(unit.session, event, proofs)
    await plan_missing(unit.session, provenance, losses, await links_of(unit.session, provenance.integration_id, proofs))
    missing = await _missing(unit.session, provenance.integration_id) + len(losses)
    told = {"missing": missing, "newly_missing": len(losses)}
    unit.record(AbsenceApplied(integration_id=provenance.integration_id, run_id=provenance.run_id, **told))
    log.info("absence_planned", run_id=str(provenance.run_id), **told)


def _not_shown(provenance: Provenance) -> ColumnElement[bool]:
    """Return whom the run did not show: one that writes marks those it shows, a plan keeps them."""
    if provenance.mode == "apply":
        return LINKS.c.last_run_id != provenance.run_id
    return ~exists().where(PLAN_ITEMS.c.run_id == provenance.run_id, PLAN_ITEMS.c.source_id == LINKS.c.source_id)


async def lose(unit: Unit, losses: Sequence[Loss], *, cause: Cause, initial: bool = False) -> None:
    """Mark records as missing, each with its proof. That the guard lets them pass is for the caller to know."""
    at = now()
    await _mark_links(unit, losses, at, cause=cause, initial=initial)
    # Where an integration keeps People only, it is said of the person: no field of theirs shows it, their timeline does.
    values: dict[RecordType, dict[str, Any]] = {"saas_user": {"missing_since": moment(at.isoformat()), "returned_at": None}, "person": {}}
    values["asset"] = values["saas_user"]
    for record_type, changed in values.items():
        mine = {loss.record_id: loss for loss in losses if loss.record_type == record_type}
        await _write_missing(unit, record_type, mine, changed, cause=cause, initial=initial)


async def _losses(session: AsyncSession, event: UsersProvenAbsent, proofs: Mapping[str, ProofOfAbsence]) -> list[Loss]:
    """Return what is lost if these proofs are applied: the links that live."""
    links = await links_of(session, event.provenance.integration_id, proofs)
    newly = [link for link in links.values() if link.missing_since is None and link.deleted_at is None]
    instances = await _instances(session, [link.saas_user_id for link in newly if link.saas_user_id is not None])
    return [_loss(event, link, proofs[link.source_id], instances.get(link.saas_user_id)) for link in newly]


async def _instances(session: AsyncSession, saas_user_ids: Iterable[UUID]) -> dict[UUID | None, UUID]:
    found: dict[UUID | None, UUID] = {}
    for portion in portions(saas_user_ids):
        rows = await session.execute(select(SAAS_USERS.c.id, SAAS_USERS.c.saas_instance_id).where(SAAS_USERS.c.id.in_(portion)))
        found |= {row.id: row.saas_instance_id for row in rows}
    return found


def _loss(event: UsersProvenAbsent, link: Row[Any], proof: ProofOfAbsence, instance_id: UUID | None) -> Loss:
    integration_id = event.provenance.integration_id
    return Loss(
        scope=integration(integration_id) if instance_id is None else instance(instance_id),
        record_type="saas_user" if instance_id is not None else "person" if link.asset_id is None else "asset",
        record_id=record_of(link) if instance_id is None else link.saas_user_id,
        kind="missing",
        key=str(event.provenance.run_id),
        cause=_cause(event),
        integration_id=integration_id,
        source_id=link.source_id,
        proof=_kept(event, proof),
        proven_at=proof.asked_at,
    )


def _kept(event: UsersProvenAbsent, proof: ProofOfAbsence) -> dict[str, Any]:
    """Return what is kept with the record: which run listed what without showing it, and what the source said when it was asked."""
    listed = {"run_id": str(event.provenance.run_id), "pages": event.pages, "records": event.records}
    return {**listed, **proof.model_dump(mode="json")}


def _cause(event: UsersProvenAbsent) -> Cause:
    provenance = event.provenance
    return Cause(kind="run", id=str(provenance.run_id), actor=provenance.integration_user, detail=provenance.integration_name)


async def _mark_links(unit: Unit, losses: Sequence[Loss], at: datetime, *, cause: Cause, initial: bool) -> None:
    """Close the links, and let other sources take over what the lost ones said."""
    by_integration: dict[UUID | None, list[str]] = {}
    for loss in losses:
        by_integration.setdefault(loss.integration_id, []).append(loss.source_id or "")
    for integration_id, source_ids in by_integration.items():
        for portion in portions(source_ids):
            mine = and_(LINKS.c.source_id.in_(portion), LINKS.c.integration_id == integration_id)
            await unit.session.execute(update(LINKS).where(mine).values(missing_since=at))
            await take_over(unit, mine, cause=cause, initial=initial)


async def _write_missing(
    unit: Unit, record_type: RecordType, losses: Mapping[UUID, Loss], values: dict[str, Any], *, cause: Cause, initial: bool
) -> None:
    if not losses:
        return
    drafts = await drafts_of(unit.session, record_type, losses)
    for record_id, draft in drafts.items():
        draft.kind = "missing"
        draft.proof = losses[record_id].proof
        for key, value in values.items():
            draft.set(key, value)
    untold = untold_of(await fields_of(unit.session, record_type))
    await write(unit, record_type, list(drafts.values()), cause=cause, untold=untold, initial=initial)


async def _missing(session: AsyncSession, integration_id: UUID) -> int:
    """Count the users of an integration who are missing now, those who were missing before included."""
    missing = select(func.count()).select_from(LINKS).where(LINKS.c.integration_id == integration_id, LINKS.c.missing_since.is_not(None))
    return await session.scalar(missing) or 0
