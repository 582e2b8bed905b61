"""From when on a changed filter is as if it had always been: once the whole directory was read with it.

Until then, who was held back by the filter before and is let through by the new one comes because somebody changed the filter. That
must start no workflow.
"""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.tables import MAPPING_USES
from shared.db.upsert import insert_for
from shared.events.sources import Provenance


async def note_run(session: AsyncSession, provenance: Provenance, mapping_version: int) -> None:
    """Note with which version a run that writes began."""
    row = {
        "integration_id": provenance.integration_id,
        "run_id": provenance.run_id,
        "run_version": mapping_version,
        "application": provenance.application,
        "provenance": provenance.model_dump(mode="json"),
    }
    noted = insert_for(session, MAPPING_USES).values(**row, settled_version=None)
    replaced = {name: noted.excluded[name] for name in ("run_id", "run_version", "application", "provenance")}
    await session.execute(noted.on_conflict_do_update(index_elements=[MAPPING_USES.c.integration_id], set_=replaced))


async def settle(session: AsyncSession, provenance: Provenance) -> None:
    """Note that a run read everything: what its first page was read with holds from now on."""
    theirs = (MAPPING_USES.c.integration_id == provenance.integration_id, MAPPING_USES.c.run_id == provenance.run_id)
    await session.execute(update(MAPPING_USES).where(*theirs).values(settled_version=MAPPING_USES.c.run_version))
