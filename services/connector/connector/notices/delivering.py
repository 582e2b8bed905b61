"""Telling contacts what is queued for them: whichever replica takes a delivery tries it, again and again until it is told or given up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, update
from sqlalchemy.exc import DBAPIError

from connector.notices.channels import NotTold, Telling, tell_by_mail, tell_by_webhook, telling_of
from connector.notices.contacts import secrets_of, stored_contact
from connector.scope import Parts
from connector.tables import DELIVERIES, NOTICES
from shared.api.notices import ContactTested
from shared.clock import now
from shared.errors import AppError
from shared.ids import new_id
from shared.observability.logging import get_logger

log = get_logger(__name__)

AT_ONCE = 16
LEASE = timedelta(minutes=2)
"""How long a try may take before another replica makes the next one."""
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))
"""After each try that failed; after the one behind the last pause it is given up."""
KEPT = timedelta(days=90)
"""How long closed notices are kept."""


async def deliver_due(parts: Parts, moment: datetime) -> int:
    """Try what is due at `moment`, a few at once; return how many were tried."""
    taken = await _take(parts, moment)
    await asyncio.gather(*(_try(parts, row, moment) for row in taken))
    return len(taken)


async def test_contact(parts: Parts, contact_id: UUID, actor: str) -> ContactTested:
    """Tell a contact that this is a test. Raises `ContactNotFound`."""
    async with parts.database.reading() as session:
        contact = await stored_contact(session, contact_id)
    message = f"{actor} asked Rollcall to try this contact. Nothing is wrong."
    try:
        await _tell(parts, contact, Telling(new_id(), "a test", message, None, {"kind": "test"}))
    except AppError as error:
        return ContactTested(ok=False, problem=f"{error.message}. {error.remedy or ''}".strip())
    return ContactTested(ok=True)


@asynccontextmanager
async def telling(parts: Parts) -> AsyncIterator[None]:
    """Deliver inside the block."""
    stop = asyncio.Event()
    looking = asyncio.create_task(_look(parts, stop), name="notices")
    try:
        yield
    finally:
        stop.set()
        await looking


async def _look(parts: Parts, stop: asyncio.Event) -> None:
    tidied = now() - KEPT
    while not stop.is_set():
        try:
            while await deliver_due(parts, now()) and not stop.is_set():
                pass
            if now() - tidied > timedelta(hours=1):
                await remove_old(parts, now() - KEPT)
                tidied = now()
        except (DBAPIError, OSError) as error:
            log.warning("notices_wait", error=type(error).__name__)
        except Exception:
            # The top of the loop: whatever one look met, the next one must come.
            log.exception("notices_look_failed")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=parts.settings.schedule_poll)


async def remove_old(parts: Parts, before: datetime) -> None:
    """Forget notices that were closed before a moment, with their deliveries."""
    async with parts.units.begin() as unit:
        await unit.session.execute(delete(NOTICES).where(NOTICES.c.closed_at < before))


async def _take(parts: Parts, moment: datetime) -> list[Row[Any]]:
    """Take what is due: the next try is put off at once, so that a replica that dies is followed by another."""
    due = (DELIVERIES.c.state == "waiting", DELIVERIES.c.next_at <= moment)
    some = select(DELIVERIES.c.id).where(*due).order_by(DELIVERIES.c.next_at).limit(AT_ONCE)
    async with parts.units.begin() as unit:
        taking = update(DELIVERIES).where(DELIVERIES.c.id.in_(some), *due).values(next_at=moment + LEASE, fence=DELIVERIES.c.fence + 1)
        fences = {row.id: row.fence for row in await unit.session.execute(taking.returning(DELIVERIES.c.id, DELIVERIES.c.fence))}
        rows = await unit.session.execute(
            select(DELIVERIES, *(column for column in NOTICES.c if column.name != "id"))
            .join(NOTICES, NOTICES.c.id == DELIVERIES.c.notice_id)
            .where(DELIVERIES.c.id.in_(fences))
        )
        return list(rows)


async def _try(parts: Parts, row: Row[Any], moment: datetime) -> None:
    values: dict[str, Any] = {"state": "sent", "sent_at": now(), "next_at": None, "problem": None}
    try:
        async with parts.database.reading() as session:
            contact = await stored_contact(session, row.contact_id)
        await _tell(parts, contact, telling_of(row.id, row))
    except AppError as error:
        given_up = row.attempts >= len(PAUSES)
        problem = f"{error.message}. {error.remedy or ''}".strip()
        values = {"state": "failed" if given_up else "waiting", "problem": problem}
        values["next_at"] = None if given_up else moment + PAUSES[row.attempts]
        log.warning("contact_not_told", contact_id=str(row.contact_id), delivery_id=str(row.id), given_up=given_up, code=error.code)
    async with parts.units.begin() as unit:
        mine = (DELIVERIES.c.id == row.id, DELIVERIES.c.fence == row.fence, DELIVERIES.c.state == "waiting")
        await unit.session.execute(update(DELIVERIES).where(*mine).values(attempts=row.attempts + 1, **values))


async def _tell(parts: Parts, contact: Row[Any], what: Telling) -> None:
    if contact.channel == "email":
        if parts.settings.smtp_host is None:
            raise NotTold("no mail server is set", remedy="Set ROLLCALL_CONNECTOR_SMTP_HOST and start the connector again.")
        await tell_by_mail(parts.settings, contact.address, what)
        return
    async with parts.database.reading() as session:
        known = await secrets_of(session, contact.id, parts.vault)
    await tell_by_webhook(parts.outward, known, what)
