"""The inbox: one row per event handled, claimed in the handler's own transaction, so that a repeat changes nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Column, CursorResult, MetaData, String, Table, Uuid, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import now
from shared.db.types import Timestamp
from shared.db.upsert import insert_for

KEPT = timedelta(days=30)
"""How long a claim is remembered: far longer than any broker or dead letter keeps a message alive unseen."""
FORGOTTEN_AT_ONCE = 5_000
"""How many old claims one transaction removes: few enough that handlers do not wait for it."""


def inbox_table(metadata: MetaData) -> Table:
    """Add the inbox to a service's tables."""
    return Table(
        "inbox",
        metadata,
        Column("consumer", String(100), primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("handled_at", Timestamp, nullable=False, index=True),
    )


async def claim(session: AsyncSession, inbox: Table, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these events `consumer` meets for the first time, inside the transaction that will handle them."""
    at = now()
    rows = [{"consumer": consumer, "event_id": event_id, "handled_at": at} for event_id in event_ids]
    result = await session.execute(insert_for(session, inbox).values(rows).on_conflict_do_nothing().returning(inbox.c.event_id))
    return set(result.scalars())


async def forget(session: AsyncSession, inbox: Table, before: datetime, *, most: int = FORGOTTEN_AT_ONCE) -> int:
    """Remove at most `most` of the claims made before `before`; return how many there were."""
    old = select(inbox.c.consumer, inbox.c.event_id).where(inbox.c.handled_at < before).limit(most)
    removed = await session.execute(delete(inbox).where(tuple_(inbox.c.consumer, inbox.c.event_id).in_(old)))
    return cast("CursorResult[Any]", removed).rowcount
