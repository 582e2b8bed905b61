"""Notices as lists show them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.tables import CONTACTS, DELIVERIES, NOTICES
from shared.api.notices import DeliveryOut, NoticeOut, NoticesWanted
from shared.clock import now
from shared.errors import NotFound
from shared.http.paging import Page, encode_cursor, id_in


class NoticeNotFound(NotFound):
    """No notice has this id."""

    code = "notice_not_found"


async def list_notices(session: AsyncSession, wanted: NoticesWanted) -> Page[NoticeOut]:
    """Return notices, newest first. Raises `BadCursor`."""
    statement = select(NOTICES).order_by(NOTICES.c.id.desc()).limit(wanted.limit + 1)
    if wanted.open is not None:
        statement = statement.where(NOTICES.c.closed_at.is_(None) if wanted.open else NOTICES.c.closed_at.is_not(None))
    if wanted.kind is not None:
        statement = statement.where(NOTICES.c.kind == wanted.kind)
    if wanted.integration_id is not None:
        statement = statement.where(NOTICES.c.integration_id == wanted.integration_id)
    if wanted.cursor is not None:
        statement = statement.where(NOTICES.c.id < id_in(wanted.cursor))
    rows = (await session.execute(statement)).all()
    following = encode_cursor([str(rows[wanted.limit - 1].id)]) if len(rows) > wanted.limit else None
    return Page(items=[_shown(row) for row in rows[: wanted.limit]], next_cursor=following)


async def read_notice(session: AsyncSession, notice_id: UUID, actor: str) -> NoticeOut:
    """Close a notice as read, once; should its cause go on, it is told anew. Raises `NoticeNotFound`."""
    mine = (NOTICES.c.id == notice_id, NOTICES.c.closed_at.is_(None))
    await session.execute(update(NOTICES).where(*mine).values(closed_at=now(), closed_by=actor[:200]))
    row = (await session.execute(select(NOTICES).where(NOTICES.c.id == notice_id))).first()
    if row is None:
        raise _not_there(notice_id)
    return _shown(row)


async def list_deliveries(session: AsyncSession, notice_id: UUID) -> list[DeliveryOut]:
    """Return how each contact was told of a notice. Raises `NoticeNotFound`."""
    if await session.scalar(select(NOTICES.c.id).where(NOTICES.c.id == notice_id)) is None:
        raise _not_there(notice_id)
    rows = await session.execute(
        select(DELIVERIES, CONTACTS.c.name.label("contact"), CONTACTS.c.channel)
        .join(CONTACTS, CONTACTS.c.id == DELIVERIES.c.contact_id)
        .where(DELIVERIES.c.notice_id == notice_id)
        .order_by(CONTACTS.c.name_key)
    )
    return [DeliveryOut.model_validate(row) for row in rows]


def _shown(row: Row[Any]) -> NoticeOut:
    return NoticeOut.model_validate(row._asdict())


def _not_there(notice_id: UUID) -> NoticeNotFound:
    return NoticeNotFound(f"there is no notice {notice_id}", remedy="List the notices to see those there are.")
