"""Who was missing from a complete listing: suspected first, marked only when proven."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of, untold_of
from mapper.fields.values import moment
from mapper.pages.reading import links_of
from mapper.records.changing import write
from mapper.records.loading import drafts_of, portions
from mapper.tables import LINKS
from shared.clock import now
from shared.events.records import Cause, RecordType
from shared.events.sources import ListingCompleted, ProofOfAbsence, UsersProvenAbsent
from shared.events.syncs import AbsenceApplied, AbsenceSuspected
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)

GONE = 404


async def suspect(unit: Unit, event: ListingCompleted) -> None:
    """Name the users whom the listing did not show. Those proven missing before are not asked for again."""
    provenance = event.provenance
    unseen = (
        select(LINKS.c.source_id)
        .where(
            LINKS.c.integration_id == provenance.integration_id,
            LINKS.c.last_run_id != provenance.run_id,
            LINKS.c.missing_since.is_(None),
            LINKS.c.deleted_at.is_(None),
        )
        .order_by(LINKS.c.source_id)
    )
    source_ids = list((await unit.session.scalars(unseen)).all())
    unit.record(AbsenceSuspected(integration_id=provenance.integration_id, run_id=provenance.run_id, source_ids=source_ids))
    log.info("absence_suspected", run_id=str(provenance.run_id), users=len(source_ids))


async def mark_missing(unit: Unit, event: UsersProvenAbsent) -> None:
    """Mark the users for whom there is proof; nobody is deleted or deactivated."""
    provenance = event.provenance
    proofs = {proof.source_id: proof for proof in event.proofs if proof.status == GONE}
    links = await links_of(unit.session, provenance.integration_id, proofs)
    newly = {source_id: link for source_id, link in links.items() if link.missing_since is None and link.deleted_at is None}
    if newly:
        await _mark(unit, event, newly, proofs)
    missing = await _missing(unit.session, provenance.integration_id)
    applied = AbsenceApplied(integration_id=provenance.integration_id, run_id=provenance.run_id, missing=missing, newly_missing=len(newly))
    unit.record(applied)
    log.info("absence_applied", run_id=str(provenance.run_id), missing=missing, newly_missing=len(newly))


async def _mark(unit: Unit, event: UsersProvenAbsent, newly: Mapping[str, Row[Any]], proofs: Mapping[str, ProofOfAbsence]) -> None:
    at = now()
    for portion in portions(newly):
        mine = (LINKS.c.source_id.in_(portion), LINKS.c.integration_id == event.provenance.integration_id)
        await unit.session.execute(update(LINKS).where(*mine).values(missing_since=at))
    since = moment(at.isoformat())
    saas_users = {link.saas_user_id: proofs[source_id] for source_id, link in newly.items() if link.saas_user_id is not None}
    await _write_missing(unit, event, "saas_user", saas_users, {"missing_since": since})
    # Where an integration keeps People only, it is said of the person: no field of theirs shows it, their timeline does.
    people = {link.person_id: proofs[source_id] for source_id, link in newly.items() if link.saas_user_id is None}
    await _write_missing(unit, event, "person", people, {})


async def _write_missing(
    unit: Unit, event: UsersProvenAbsent, record_type: RecordType, proofs: Mapping[UUID, ProofOfAbsence], values: dict[str, Any]
) -> None:
    if not proofs:
        return
    provenance = event.provenance
    drafts = await drafts_of(unit.session, record_type, proofs)
    for record_id, draft in drafts.items():
        draft.kind = "missing"
        draft.proof = proofs[record_id].model_dump(mode="json")
        for key, value in values.items():
            draft.set(key, value)
    cause = Cause(kind="run", id=str(provenance.run_id), actor=provenance.integration_user, detail=provenance.integration_name)
    untold = untold_of(await fields_of(unit.session, record_type))
    await write(unit, record_type, list(drafts.values()), cause=cause, untold=untold, initial=provenance.initial)


async def _missing(session: AsyncSession, integration_id: UUID) -> int:
    """Count the users of an integration who are missing now, those who were missing before included."""
    missing = select(func.count()).select_from(LINKS).where(LINKS.c.integration_id == integration_id, LINKS.c.missing_since.is_not(None))
    return await session.scalar(missing) or 0
