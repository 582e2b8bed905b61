"""Where quick runs begin: at the moment, on the source's clock, at which a run that was read to its end began.

Each part of a source, such as a partner's tenant, has its own: one that refuses keeps no other from being read quickly.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.tables import PART_WATERMARKS, RUN_PARTS
from shared.db.upsert import insert_for
from shared.errors import Conflict

LOADED = ("completed", "completed_with_errors", "empty")
"""How a run ends that was read to its end."""
LOADING = ("full", "apply")
"""Kinds of runs that can be an integration's first load."""
WATERMARKED = ("full", "quick")


class FullRunNeeded(Conflict):
    """There is no completed run that a quick one could begin at."""

    code = "full_run_needed"


async def watermarks(session: AsyncSession, integration_id: UUID, name: str) -> dict[str, datetime]:
    """Return from when on a quick run must read each part that was ever listed whole. Raises `FullRunNeeded` when there is none.

    No other run of the integration can end while one is at work: what is returned is the same however often the run is taken up.
    """
    theirs = select(PART_WATERMARKS.c.part, PART_WATERMARKS.c.since).where(PART_WATERMARKS.c.integration_id == integration_id)
    found = {row.part: row.since for row in await session.execute(theirs)}
    if not found:
        raise FullRunNeeded(
            f"{name!r} has no completed full run whose time its source told",
            remedy="Run it in full first; a source that cannot tell who changed lately is always read in full.",
        )
    return found


async def move_watermarks(session: AsyncSession, run: Row[Any]) -> None:
    """Note where the next quick run begins in the parts that a run has read to their end. One that did not end well moves none.

    A full run may have missed somebody new: a removal moves everybody behind it up, perhaps past the page that is read next. So the
    first quick run after it begins where a run of before would have begun.
    """
    if run.mode != "apply" or run.kind not in WATERMARKED:
        return
    read = RUN_PARTS.c.run_id == run.id
    if run.state in LOADED and run.watermark is not None:
        marks = PART_WATERMARKS.c
        whose, began = literal(run.integration_id, marks.integration_id.type), literal(run.watermark, marks.began.type)
        rows = select(whose, RUN_PARTS.c.part, began, began)
        moving = insert_for(session, PART_WATERMARKS).from_select(["integration_id", "part", "began", "since"], rows.where(read))
        since = marks.began if run.kind == "full" else moving.excluded.began
        moved = {"since": since, "began": moving.excluded.began}
        await session.execute(moving.on_conflict_do_update(index_elements=["integration_id", "part"], set_=moved))
    if run.kind == "quick":
        # There may be one every few minutes, over thousands of tenants; nobody asks for their parts again.
        await session.execute(delete(RUN_PARTS).where(read))
