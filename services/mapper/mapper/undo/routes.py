"""Routes of undoing."""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from mapper.scope import InCaller, InParts, InReading, Parts
from mapper.undo.advancing import advance
from mapper.undo.asking import ask_for_run, ask_for_undo, list_undo_items, read_undo
from shared.api.history import UndoAction, UndoIn, UndoItemOut, UndoOut
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page
from shared.unit import Unit

router = APIRouter(tags=["undo"])

AT_ONCE = 2.0
"""Seconds for which whoever asks waits: small undos are over by then, the worker takes others on."""


@router.post("/runs/{run_id}/undo")
async def undo_run(run_id: UUID, given: UndoIn, parts: InParts, caller: InCaller) -> UndoOut:
    """Undo a run, or say what that would do."""
    return await _begun(parts, caller.actor, lambda unit: ask_for_run(unit, run_id, applies=given.mode == "apply"))


@router.post("/undos/{undo_id}/undo")
async def undo_undo(undo_id: UUID, given: UndoIn, parts: InParts, caller: InCaller) -> UndoOut:
    """Undo an undo, or say what that would do."""
    return await _begun(parts, caller.actor, lambda unit: ask_for_undo(unit, undo_id, applies=given.mode == "apply"))


@router.get("/undos/{undo_id}")
async def read(undo_id: UUID, session: InReading) -> UndoOut:
    """Return an undo."""
    return await read_undo(session, undo_id)


@router.get("/undos/{undo_id}/items")
async def items(
    undo_id: UUID,
    session: InReading,
    *,
    action: UndoAction | None = None,
    conflicts: bool = False,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE_SIZE,
) -> Page[UndoItemOut]:
    """Return an undo's records."""
    return await list_undo_items(session, undo_id, action=action, conflicts=conflicts, cursor=cursor, limit=limit)


async def _begun(parts: Parts, actor: str, ask: Callable[[Unit], Awaitable[UUID]]) -> UndoOut:
    """Begin an undo, and work at it for a moment; the worker goes on."""
    undo_id = await parts.units.do(ask, actor=actor)
    enough = monotonic() + AT_ONCE
    more = True
    try:
        while more and monotonic() < enough:
            more = await parts.units.do(lambda unit: advance(unit, undo_id), actor=actor) != "ended"
    finally:
        # Not before: a worker that finds the undo taken leaves it to whoever is at it, and looks again only when it is called.
        if more:
            parts.undo_asked.set()
    async with parts.database.reading() as session:
        return await read_undo(session, undo_id)
