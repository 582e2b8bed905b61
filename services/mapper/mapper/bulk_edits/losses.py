"""What a bulk deactivation loses, as the guard counts it."""

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.guard.losses import Loss
from mapper.guard.scopes import Scope, instance
from mapper.records.changing import Draft
from mapper.records.loading import portions
from mapper.tables import SAAS_USERS
from shared.events.records import Cause


async def scopes_of(session: AsyncSession, ids: Iterable[UUID]) -> set[Scope]:
    """Return the scopes in which SaaS users would be lost; asked before any record is locked."""
    found: set[Scope] = set()
    for portion in portions(ids):
        theirs = select(SAAS_USERS.c.saas_instance_id).where(SAAS_USERS.c.id.in_(portion)).distinct()
        found |= {instance(instance_id) for instance_id in await session.scalars(theirs)}
    return found


def losses_in(bulk_edit_id: UUID, drafts: Sequence[Draft], cause: Cause) -> list[Loss]:
    """Return what deactivating these SaaS users loses; who is deactivated already loses nothing more."""
    return [_loss(bulk_edit_id, draft, cause) for draft in drafts if not draft.fields.get("deactivated")]


def _loss(bulk_edit_id: UUID, draft: Draft, cause: Cause) -> Loss:
    integration_id = draft.fields.get("integration_id")
    return Loss(
        scope=instance(draft.columns["saas_instance_id"]),
        record_type="saas_user",
        record_id=draft.id,
        kind="deactivated",
        # The tray asks for one request for each record, as if a step of a workflow had made it.
        key=str(uuid5(bulk_edit_id, str(draft.id))),
        cause=cause,
        integration_id=UUID(integration_id) if integration_id else None,
        source_id=draft.fields.get("source_id"),
    )
