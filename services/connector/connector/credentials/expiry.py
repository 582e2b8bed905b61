"""Expiry: who looks at a credential is warned ahead, and the log is told once at each threshold, whichever replica notices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, or_, update
from sqlalchemy.exc import DBAPIError

from connector.notices.saying import say_credential_ends
from connector.tables import CREDENTIALS
from shared.api.credentials import ExpiryWarning
from shared.clock import now
from shared.observability.logging import get_logger
from shared.unit import Units

log = get_logger(__name__)

THRESHOLDS = (0, 1, 7, 30)
"""Days before the end at which is warned; 0 is the end itself."""
LOOK_EVERY = 3600.0
REMEDY = "Make a new secret at the source, and store it here as the credential's new secret."


@dataclass(frozen=True, slots=True)
class Nearing:
    """A credential that crossed a threshold."""

    credential_id: UUID
    name: str
    expires_at: datetime
    threshold: int


def warning_of(expires_at: datetime | None, moment: datetime) -> ExpiryWarning | None:
    """Return the warning that is due at `moment`, if any."""
    if expires_at is None or expires_at - moment > timedelta(days=THRESHOLDS[-1]):
        return None
    left = expires_at - moment
    if left <= timedelta(0):
        return ExpiryWarning(days_left=0, message=f"it expired on {expires_at:%Y-%m-%d}", remedy=REMEDY)
    days = left.days
    message = f"it expires on {expires_at:%Y-%m-%d}, in {days} days" if days > 1 else f"it expires on {expires_at:%Y-%m-%d at %H:%M} UTC"
    return ExpiryWarning(days_left=days, message=message, remedy=REMEDY)


async def newly_near(units: Units, moment: datetime) -> list[Nearing]:
    """Return who crossed a threshold since the last look, each with the nearest one, and remember it. No two callers get the same.

    One statement judges all thresholds: with one for each, a credential stored between two of them would be told twice.
    """
    table = CREDENTIALS.c
    nearest = case(*((table.expires_at <= moment + timedelta(days=threshold), threshold) for threshold in THRESHOLDS))
    unsaid = or_(table.warned_days.is_(None), table.warned_days > nearest)
    statement = update(CREDENTIALS).where(nearest.is_not(None), unsaid).values(warned_days=nearest)
    async with units.begin() as unit:
        rows = await unit.session.execute(statement.returning(table.id, table.name, table.expires_at, table.warned_days))
        found = [Nearing(row.id, row.name, row.expires_at, row.warned_days) for row in rows]
        for one in found:
            if (warning := warning_of(one.expires_at, moment)) is not None:
                await say_credential_ends(unit.session, one.credential_id, one.name, warning.message, warning.remedy)
    return sorted(found, key=lambda one: (one.threshold, one.expires_at))


@asynccontextmanager
async def watched(units: Units) -> AsyncIterator[None]:
    """Look every hour inside the block."""
    stop = asyncio.Event()
    looking = asyncio.create_task(_look(units, stop), name="credential-expiry")
    try:
        yield
    finally:
        stop.set()
        await looking


async def _look(units: Units, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            for one in await newly_near(units, now()):
                said = "credential_expired" if one.threshold == 0 else "credential_expires_soon"
                log.warning(said, credential_id=str(one.credential_id), expires_at=one.expires_at.isoformat(), within_days=one.threshold)
        except (DBAPIError, OSError) as error:
            log.warning("credential_expiry_not_looked_at", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=LOOK_EVERY)
