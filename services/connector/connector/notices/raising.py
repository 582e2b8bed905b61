"""Raising notices, in the transaction that they are about; one that is open is counted up instead of told again."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.storable import storable
from connector.tables import CONTACTS, DELIVERIES, INTEGRATIONS, NOTICES
from shared.api.notices import NoticeKind
from shared.clock import now
from shared.db.upsert import insert_for
from shared.ids import new_id

RESOLVED = "resolved"
LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Notice:
    """What to say. `about` names what is spoken of, such as `credential:<id>`; of an integration it need not be given."""

    kind: NoticeKind
    title: str
    message: str
    remedy: str | None = None
    integration_id: UUID | None = None
    about: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """What two notices of the same thing have in common."""
        return self.about or f"integration:{self.integration_id}"


async def raise_notice(session: AsyncSession, notice: Notice, *, tell: bool = True) -> None:
    """Store a notice and, to `tell` them, queue it for its contacts; when the same one is open, count it up and tell nobody."""
    moment = now()
    said = {"message": storable(notice.message), "remedy": storable(notice.remedy), "details": storable(notice.details), "last_at": moment}
    values = {
        "id": new_id(),
        "kind": notice.kind,
        "subject": notice.subject[:100],
        "integration_id": notice.integration_id,
        "title": " ".join(storable(notice.title).split())[:LONGEST_TITLE],
        "count": 1,
        "first_at": moment,
        **said,
    }
    raising = insert_for(session, NOTICES).values(values)
    again = raising.on_conflict_do_update(
        index_elements=["kind", "subject"], index_where=literal_column("closed_at IS NULL"), set_={**said, "count": NOTICES.c.count + 1}
    )
    row = (await session.execute(again.returning(NOTICES.c.id, NOTICES.c.count.label("times")))).one()
    if row.times == 1 and tell:
        await _queue(session, row.id, notice, moment)


async def resolve(session: AsyncSession, kinds: Collection[NoticeKind], subject: str) -> None:
    """Close the open notices of a cause that is gone: should it come back, it is told anew."""
    theirs = (NOTICES.c.kind.in_(kinds), NOTICES.c.subject == subject, NOTICES.c.closed_at.is_(None))
    await session.execute(update(NOTICES).where(*theirs).values(closed_at=now(), closed_by=RESOLVED))


async def integration_name(session: AsyncSession, integration_id: UUID | None) -> str:
    """Return an integration's name."""
    name = await session.scalar(select(INTEGRATIONS.c.name).where(INTEGRATIONS.c.id == integration_id))
    return str(name) if name is not None else "an integration"


async def _queue(session: AsyncSession, notice_id: UUID, notice: Notice, moment: datetime) -> None:
    contacts = await session.execute(select(CONTACTS).where(CONTACTS.c.enabled.is_(True)))
    rows = [
        {"id": new_id(), "notice_id": notice_id, "contact_id": contact.id, "state": "waiting", "attempts": 0, "next_at": moment, "fence": 0}
        for contact in contacts
        if _concerns(contact, notice)
    ]
    if rows:
        await session.execute(insert(DELIVERIES), rows)


def _concerns(contact: Row[Any], notice: Notice) -> bool:
    if contact.kinds is not None and notice.kind not in contact.kinds:
        return False
    return contact.integration_ids is None or str(notice.integration_id) in contact.integration_ids
