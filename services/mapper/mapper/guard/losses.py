"""Losses: what somebody wants to let go of a record, and the book of those that went."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mapper.guard.scopes import Scope
from mapper.tables import LOSSES
from shared.api.guard import LossKind
from shared.clock import now
from shared.db.upsert import insert_for
from shared.events.records import Cause, RecordType


@dataclass(frozen=True, slots=True, eq=False)
class Loss:
    """A loss that is asked for: which record, how, why, and on what evidence."""

    scope: Scope
    record_type: RecordType
    record_id: UUID
    kind: LossKind
    key: str
    """The run or the step that asks; the same again is the same loss."""
    cause: Cause
    integration_id: UUID | None = None
    source_id: str | None = None
    proof: dict[str, Any] | None = None
    proven_at: datetime | None = None
    rule: dict[str, Any] | None = None


async def enter(session: AsyncSession, losses: Iterable[Loss], *, released: bool = False) -> None:
    """Enter losses that go through. Each is counted once, however often it is entered; `released`: somebody answers for them."""
    at = now()
    rows = [
        {
            "record_id": loss.record_id,
            "kind": loss.kind,
            "key": loss.key,
            "scope": loss.scope.key,
            "record_type": loss.record_type,
            "at": at,
            "released": released,
            "cause": loss.cause.model_dump(),
        }
        for loss in losses
    ]
    if rows:
        await session.execute(insert_for(session, LOSSES).on_conflict_do_nothing(), rows)


def by_scope(losses: Iterable[Loss]) -> dict[Scope, Sequence[Loss]]:
    """Return losses by scope, in the order in which scopes are locked."""
    found: dict[Scope, list[Loss]] = {}
    for loss in losses:
        found.setdefault(loss.scope, []).append(loss)
    return dict(sorted(found.items()))
