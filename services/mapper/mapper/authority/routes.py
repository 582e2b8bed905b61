"""Routes of authority."""

from typing import Annotated

from fastapi import APIRouter, Query

from mapper.authority.authority import list_authorities, set_authority, set_hand_choice
from mapper.authority.by_hand import list_hand_edits
from mapper.scope import InReading, InRequest
from shared.api.authority import AuthorityIn, AuthorityOut, HandChoiceIn, HandEditOut
from shared.events.records import RecordType
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page

router = APIRouter(prefix="/authority", tags=["authority"])


@router.get("")
async def list_all(session: InReading, object_type: RecordType | None = None) -> Page[AuthorityOut]:
    """Return who wins for which fields."""
    return Page(items=await list_authorities(session, object_type))


@router.get("/hand-edits")
async def list_kept(
    session: InReading,
    object_type: RecordType,
    field: str | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE_SIZE,
) -> Page[HandEditOut]:
    """Return the hand edits that are kept."""
    return await list_hand_edits(session, object_type, field, cursor=cursor, limit=limit)


@router.put("/{object_type}")
async def choose_for_all(object_type: RecordType, given: HandChoiceIn, unit: InRequest) -> AuthorityOut:
    """Say what becomes of hand edits."""
    return await set_hand_choice(unit, object_type, given)


@router.put("/{object_type}/{field}")
async def choose(object_type: RecordType, field: str, given: AuthorityIn, unit: InRequest) -> AuthorityOut:
    """Say who wins for a field."""
    return await set_authority(unit, object_type, field, given)
