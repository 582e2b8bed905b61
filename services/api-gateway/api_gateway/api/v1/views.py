"""Saved views, and the lists that they name."""

from uuid import UUID

from fastapi import APIRouter

from api_gateway.api.v1.paging import CountRecords
from api_gateway.api.v1.routing import Cursor, Limit, subject
from api_gateway.clients.listing import ListQuery
from api_gateway.scope import InAccount, InParts, InReading
from api_gateway.views.shapes import ViewIn, ViewOut
from api_gateway.views.views import add_view, list_views, read_view, remove_view, replace_view
from shared.api.assets import AssetOut
from shared.api.people import PersonOut
from shared.api.records import RecordPage
from shared.api.saas_users import SaasUserOut
from shared.http.paging import PAGE_SIZE, Page

router: APIRouter = subject("/views", "views")


@router.get("")
async def list_saved_views(session: InReading, account: InAccount) -> Page[ViewOut]:
    """Return your views, and those that are shared with your role, by name."""
    return Page(items=await list_views(session, account))


@router.post("", status_code=201)
async def save_view(given: ViewIn, parts: InParts, account: InAccount) -> ViewOut:
    """Keep a list under a name. Its rule, sort and fields are checked first."""
    await parts.mapper.check_list(given.object_type, given, actor=account.name)
    async with parts.units.begin(actor=account.name) as unit:
        return await add_view(unit.session, account, given)


@router.get("/{view_id}")
async def read_saved_view(view_id: UUID, session: InReading, account: InAccount) -> ViewOut:
    """Return a view."""
    return await read_view(session, account, view_id)


@router.put("/{view_id}")
async def replace_saved_view(view_id: UUID, given: ViewIn, parts: InParts, account: InAccount) -> ViewOut:
    """Give one of your views new contents; an admin may do so with anybody's."""
    await parts.mapper.check_list(given.object_type, given, actor=account.name)
    async with parts.units.begin(actor=account.name) as unit:
        return await replace_view(unit.session, account, view_id, given)


@router.delete("/{view_id}", status_code=204)
async def remove_saved_view(view_id: UUID, parts: InParts, account: InAccount) -> None:
    """Forget one of your views; an admin may do so with anybody's."""
    async with parts.units.begin(actor=account.name) as unit:
        await remove_view(unit.session, account, view_id)


@router.get("/{view_id}/records")
async def list_records_of_view(
    view_id: UUID, parts: InParts, account: InAccount, cursor: Cursor = None, limit: Limit = PAGE_SIZE, *, count: CountRecords = False
) -> RecordPage[PersonOut] | RecordPage[SaasUserOut] | RecordPage[AssetOut]:
    """Return the records that a view shows now."""
    async with parts.database.reading() as session:
        view = await read_view(session, account, view_id)
    ask = ListQuery.of(view.list(), cursor=cursor, limit=limit, count=count)
    return await parts.mapper.records(view.object_type, ask, actor=account.name)
