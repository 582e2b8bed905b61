"""The guard: losses that were withheld because they are too many, to be released or discarded."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from api_gateway.api.v1.routing import Count, Cursor, Limit, subject
from api_gateway.clients.listing import WithheldQuery
from api_gateway.scope import InAccount, InParts
from shared.api.guard import DiscardOut, LossKind, ReleaseIn, ReleaseOut, WithheldChoice, WithheldOut, WithheldState
from shared.http.paging import PAGE_SIZE, Page

router: APIRouter = subject("/withheld", "guard")


def wanted(
    *,
    state: WithheldState | None = None,
    kind: LossKind | None = None,
    saas_instance_id: UUID | None = None,
    integration_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_SIZE,
    count: Count = False,
) -> WithheldQuery:
    """Read the query parameters of the tray."""
    return WithheldQuery(
        cursor=cursor, limit=limit, count=count, state=state, kind=kind, saas_instance_id=saas_instance_id, integration_id=integration_id
    )


@router.get("")
async def list_withheld(ask: Annotated[WithheldQuery, Depends(wanted)], parts: InParts, account: InAccount) -> Page[WithheldOut]:
    """Return what is or was withheld, oldest first, each with its evidence."""
    return await parts.guard.withheld(ask, actor=account.name)


@router.post("/release")
async def release(given: ReleaseIn, parts: InParts, account: InAccount) -> ReleaseOut:
    """Make losses that were withheld: named ones, or a whole tray. A released deletion is made by the next run of its workflow."""
    return await parts.guard.release(given, actor=account.name)


@router.post("/discard")
async def discard(given: WithheldChoice, parts: InParts, account: InAccount) -> DiscardOut:
    """Let the records be as they are. What the source or a workflow says again comes back as a new entry."""
    return await parts.guard.discard(given, actor=account.name)
