"""How long bulk edits are remembered."""

from datetime import timedelta

from sqlalchemy import CursorResult, delete

from mapper.tables import BULK_EDITS
from shared.clock import now
from shared.unit import Units


async def remove_old_edits(units: Units, kept: timedelta) -> int:
    """Remove the bulk edits that are older; return how many."""
    async with units.begin() as unit:
        gone = await unit.session.execute(delete(BULK_EDITS).where(BULK_EDITS.c.created_at < now() - kept))
        return gone.rowcount if isinstance(gone, CursorResult) else 0
