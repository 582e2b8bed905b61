"""How long uploaded files are kept: their rows for a while, and what they were for as long as runs are."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select

from connector.files.files import forget_rows, is_read
from connector.settings import ConnectorSettings
from connector.tables import FILES
from shared.clock import now
from shared.observability.logging import get_logger
from shared.unit import Units

log = get_logger(__name__)

ACTOR = "retention"
AT_ONCE = 20
"""Files in one transaction."""
UNFINISHED = timedelta(hours=6)
"""After which a file that is not ready was left behind by a process that died."""


async def remove_old_files(units: Units, settings: ConnectorSettings) -> None:
    """Remove rows of files that are too old or too many, unless a run reads them; then what is left of long ago."""
    moment = now()
    while await _forget_some(units, settings, moment):
        pass
    gone = (FILES.c.removed_at.is_not(None), FILES.c.uploaded_at < moment - timedelta(days=settings.keep_runs_days))
    left = (FILES.c.ready_at.is_(None), FILES.c.uploaded_at < moment - UNFINISHED)
    async with units.begin(actor=ACTOR) as unit:
        for condition in (gone, left):
            await unit.session.execute(delete(FILES).where(*condition, ~is_read(FILES.c.id)))


async def _forget_some(units: Units, settings: ConnectorSettings, moment: datetime) -> bool:
    """Return whether there may be more."""
    place = func.row_number().over(partition_by=FILES.c.integration_id, order_by=FILES.c.id.desc()).label("place")
    there = (FILES.c.ready_at.is_not(None), FILES.c.removed_at.is_(None))
    ranked = select(FILES.c.id, FILES.c.uploaded_at, place).where(*there).subquery()
    old = ranked.c.uploaded_at < moment - timedelta(days=settings.keep_files_days)
    due = select(ranked.c.id).where(or_(old, ranked.c.place > settings.keep_files), ~is_read(ranked.c.id)).limit(AT_ONCE)
    async with units.begin(actor=ACTOR) as unit:
        file_ids = list(await unit.session.scalars(due))
        if file_ids:
            await forget_rows(unit.session, file_ids, by=ACTOR)
            log.info("old_files_removed", files=len(file_ids))
    return len(file_ids) == AT_ONCE
