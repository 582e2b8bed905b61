"""Who wins where several sources, and hands, say something of one field."""

from typing import Annotated

from fastapi import APIRouter, Path

from api_gateway.api.v1.routing import Cursor, Limit, subject
from api_gateway.scope import InAccount, InParts
from shared.api.authority import AuthorityIn, AuthorityOut, HandChoiceIn, HandEditOut
from shared.events.records import RecordType
from shared.http.paging import PAGE_SIZE, Page

authority: APIRouter = subject("/authority", "authority")

Key = Annotated[str, Path(max_length=63)]


@authority.get("")
async def list_authority(parts: InParts, account: InAccount, object_type: RecordType | None = None) -> Page[AuthorityOut]:
    """Return who wins for which fields. For all that are not named, the last writer does."""
    return await parts.authority.every(object_type, actor=account.name)


@authority.get("/hand-edits")
async def list_hand_edits(
    parts: InParts,
    account: InAccount,
    *,
    object_type: RecordType,
    field: str | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_SIZE,
) -> Page[HandEditOut]:
    """Return the hand edits that are kept until their fields are given back (`release` in a PATCH or a bulk edit)."""
    return await parts.authority.hand_edits(object_type, field, cursor=cursor, limit=limit, actor=account.name)


@authority.put("/{object_type}")
async def choose_for_all(object_type: RecordType, given: HandChoiceIn, parts: InParts, account: InAccount) -> AuthorityOut:
    """Say what becomes of hand edits of all fields of a type that say nothing else. Holds from the next edit on."""
    return await parts.authority.choose_for_all(object_type, given, actor=account.name)


@authority.put("/{object_type}/{field}")
async def choose(object_type: RecordType, field: Key, given: AuthorityIn, parts: InParts, account: InAccount) -> AuthorityOut:
    """Say which source wins for a field, and whether hand edits of it are kept. Values follow with each source's next full run, quietly."""
    return await parts.authority.choose(object_type, field, given, actor=account.name)
