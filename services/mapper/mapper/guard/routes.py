"""Routes of the guard: the tray, and the leave that steps ask for."""

from typing import Annotated

from fastapi import APIRouter, Depends

from mapper.guard.deciding import discard, release
from mapper.guard.leave import ask, ask_by_source, take_back
from mapper.guard.listing import WithheldQuery, list_withheld, withheld_wanted
from mapper.scope import InCaller, InParts, InReading, InRequest
from shared.api.guard import (
    DiscardOut,
    LeaveBackIn,
    LeaveIn,
    LeaveOut,
    ReleaseIn,
    ReleaseOut,
    SourceLeaveIn,
    SourceLeaveOut,
    WithheldChoice,
    WithheldOut,
)
from shared.http.paging import Page

router = APIRouter(tags=["guard"])


@router.get("/withheld")
async def list_all(session: InReading, wanted: Annotated[WithheldQuery, Depends(withheld_wanted)]) -> Page[WithheldOut]:
    """Return the tray, oldest first."""
    return await list_withheld(session, wanted)


@router.post("/withheld/release")
async def release_chosen(given: ReleaseIn, parts: InParts, caller: InCaller) -> ReleaseOut:
    """Make losses that were withheld."""
    return await release(parts, given, actor=caller.actor)


@router.post("/withheld/discard")
async def discard_chosen(given: WithheldChoice, parts: InParts, caller: InCaller) -> DiscardOut:
    """Let the records be."""
    return await discard(parts, given, actor=caller.actor)


@router.post("/guard/leave")
async def ask_leave(given: LeaveIn, unit: InRequest, parts: InParts) -> LeaveOut:
    """Say which steps may destroy something at the source."""
    return LeaveOut(answers=await ask(unit, parts.limits, given.asks))


@router.post("/guard/leave/by-source")
async def ask_leave_by_source(given: SourceLeaveIn, unit: InRequest, parts: InParts) -> SourceLeaveOut:
    """Say whether somebody may destroy a user at the source."""
    return await ask_by_source(unit, parts.limits, given)


@router.post("/guard/leave/back", status_code=204)
async def give_leave_back(given: LeaveBackIn, unit: InRequest) -> None:
    """Count no longer what steps were allowed to destroy and did not."""
    await take_back(unit.session, given.leaves)
