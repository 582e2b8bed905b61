"""What is said of the guard's trays: told when one is opened, over when it is empty.

Trays are counted, so what is heard twice, or in another order than it happened, changes nothing.
"""

from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.notices.raising import RESOLVED, Notice, raise_notice, resolve
from connector.tables import NOTICES
from shared.api.notices import NoticeKind
from shared.clock import now
from shared.events.records import RecordsWithheld, TrayEmptied

KIND: NoticeKind = "records_withheld"
TITLE = "losses of records are withheld"
TRAY = "tray"
OVER = "over"
"""In a notice's details: what became of the losses."""


async def say_withheld(session: AsyncSession, event: RecordsWithheld) -> None:
    """Tell of a tray that was empty and is not any more; of one that is over already, or told, nothing."""
    about = _about(event)
    latest = await _latest(session, about)
    if event.tray and latest is not None and _tray(latest) >= event.tray:
        return
    message = (
        f"{event.records} records would have been lost ({event.kind}): {event.before} were within {event.window}, where {event.limit} "
        "may be. Nothing about them has changed."
    )
    remedy = "Look at the withheld losses, with their evidence, and release or discard them."
    details = {**_details(event), "cause": event.cause.model_dump(mode="json")}
    await resolve(session, [KIND], about)
    await raise_notice(session, Notice(KIND, TITLE, message, remedy, about=about, details=details))


async def say_emptied(session: AsyncSession, event: TrayEmptied) -> None:
    """Close the notice of a tray, and say why; a later one stays open."""
    about = _about(event)
    latest = await _latest(session, about)
    if latest is not None and _tray(latest) > event.tray:
        return
    over = f"The tray is empty: {event.released} losses were released, {event.discarded} discarded, and {event.moot} stood no longer."
    if latest is None or _tray(latest) < event.tray:
        await resolve(session, [KIND], about)
        if latest is None or _tray(latest):
            # It was opened, too, and we have not heard of that: when we do, it is over already.
            await raise_notice(session, Notice(KIND, TITLE, over, about=about, details=_details(event)), tell=False)
            latest = await _latest(session, about)
    if latest is not None:
        closed = {"closed_at": now(), "closed_by": RESOLVED} if latest.closed_at is None else {}
        await session.execute(update(NOTICES).where(NOTICES.c.id == latest.id).values(details={**latest.details, OVER: over}, **closed))


def _about(event: RecordsWithheld | TrayEmptied) -> str:
    return f"tray:{event.saas_instance_id or event.integration_id}"


def _details(event: RecordsWithheld | TrayEmptied) -> dict[str, Any]:
    return {"saas_instance_id": str(event.saas_instance_id) if event.saas_instance_id else None, TRAY: event.tray}


def _tray(notice: Row[Any]) -> int:
    return int(notice.details.get(TRAY, 0))


async def _latest(session: AsyncSession, about: str) -> Row[Any] | None:
    theirs = select(NOTICES).where(NOTICES.c.kind == KIND, NOTICES.c.subject == about)
    return (await session.execute(theirs.order_by(NOTICES.c.id.desc()).limit(1).with_for_update())).first()
