"""Who was missing from a complete listing: suspected first, marked only when proven."""

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.values import moment
from mapper.pages.reading import links_of
from mapper.records.changing import write
from mapper.records.loading import drafts_of
from mapper.tables import LINKS
from shared.clock import now
from shared.events.records import Cause
from shared.events.sources import ListingCompleted, UsersProvenAbsent
from shared.events.syncs import AbsenceApplied, AbsenceSuspected
from shared.unit import Unit

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


async def mark_missing(unit: Unit, event: UsersProvenAbsent) -> None:
    """Mark the users for whom there is proof; nobody is deleted or deactivated."""
    provenance = event.provenance
    proofs = {proof.source_id: proof for proof in event.proofs if proof.status == GONE}
    links = await links_of(unit.session, provenance.integration_id, proofs) if proofs else {}
    newly = {source_id: link for source_id, link in links.items() if link.missing_since is None and link.deleted_at is None}
    if newly:
        at = now()
        mine = (LINKS.c.integration_id == provenance.integration_id, LINKS.c.source_id.in_(list(newly)))
        await unit.session.execute(update(LINKS).where(*mine).values(missing_since=at))
        by_saas_user = {link.saas_user_id: proofs[source_id] for source_id, link in newly.items() if link.saas_user_id is not None}
        drafts = await drafts_of(unit.session, "saas_user", by_saas_user)
        for saas_user_id, draft in drafts.items():
            draft.kind = "missing"
            draft.proof = by_saas_user[saas_user_id].model_dump(mode="json")
            draft.set("missing_since", moment(at.isoformat()))
        cause = Cause(kind="run", id=str(provenance.run_id), actor=provenance.integration_user, detail=provenance.integration_name)
        await write(unit, "saas_user", list(drafts.values()), cause=cause, initial=provenance.initial)
    unit.record(
        AbsenceApplied(
            integration_id=provenance.integration_id,
            run_id=provenance.run_id,
            missing=await _missing(unit.session, provenance.integration_id),
            newly_missing=len(newly),
        ),
    )


async def _missing(session: AsyncSession, integration_id: UUID) -> int:
    """Count the users of an integration who are missing now, those who were missing before included."""
    missing = select(func.count()).select_from(LINKS).where(LINKS.c.integration_id == integration_id, LINKS.c.missing_since.is_not(None))
    return await session.scalar(missing) or 0
