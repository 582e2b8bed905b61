"""Saved views, as they are stored: each belongs to an account, whose name for it is its own."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api_gateway.auth.access import RoleNeeded, reaches
from api_gateway.auth.accounts import name_key
from api_gateway.auth.authentication import Account
from api_gateway.auth.shapes import Role
from api_gateway.tables import ACCOUNTS, VIEWS
from api_gateway.views.shapes import ViewIn, ViewOut
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.ids import new_id

MOST_VIEWS = 500
"""Views of one account."""
SHARES_VIEWS: Role = "operator"
"""The least role that may put a view before others."""


class ViewNotFound(NotFound):
    """No view that this account may see has this id."""

    code = "view_not_found"


class NotYours(Forbidden):
    """A view belongs to another account."""

    code = "not_your_view"


class TooManyViews(Invalid):
    """An account keeps as many views as it may."""

    code = "too_many_views"


async def add_view(session: AsyncSession, account: Account, given: ViewIn) -> ViewOut:
    """Keep a view. Raises `RoleNeeded`, `TooManyViews`, `Conflict` for a name that the account has given already."""
    _require_may_share(account, given)
    theirs = select(func.count()).select_from(VIEWS).where(VIEWS.c.owner_id == account.shown.id)
    if (await session.scalar(theirs) or 0) >= MOST_VIEWS:
        raise TooManyViews(f"an account keeps at most {MOST_VIEWS} views", remedy="Delete some.")
    row = {"id": new_id(), "owner_id": account.shown.id, "created_at": now(), **_values(given)}
    stored = insert_for(session, VIEWS).values(row).on_conflict_do_nothing(index_elements=["owner_id", "name_key"]).returning(VIEWS.c.id)
    if (await session.execute(stored)).first() is None:
        raise _taken(given)
    return await read_view(session, account, row["id"])


async def list_views(session: AsyncSession, account: Account) -> list[ViewOut]:
    """Return the views that the account keeps, and those that are shared with its role, by name."""
    rows = await session.execute(_shown().order_by(VIEWS.c.name_key, VIEWS.c.id))
    return [ViewOut.model_validate(row) for row in rows if _sees(account, row)]


async def read_view(session: AsyncSession, account: Account, view_id: UUID) -> ViewOut:
    """Return a view. Raises `ViewNotFound`, also for one that the account may not see."""
    row = (await session.execute(_shown().where(VIEWS.c.id == view_id))).one_or_none()
    if row is None or not _sees(account, row):
        raise ViewNotFound(f"there is no view {view_id}", remedy="GET /api/v1/views lists those that you may see.")
    return ViewOut.model_validate(row)


async def replace_view(session: AsyncSession, account: Account, view_id: UUID, given: ViewIn) -> ViewOut:
    """Give a view new contents. Raises `ViewNotFound`, `NotYours`, `RoleNeeded`, `Conflict`."""
    owner_id = await _owner(session, account, view_id)
    _require_may_share(account, given)
    named = (VIEWS.c.owner_id == owner_id, VIEWS.c.name_key == name_key(given.name), VIEWS.c.id != view_id)
    if await session.scalar(select(VIEWS.c.id).where(*named)) is not None:
        raise _taken(given)
    await session.execute(update(VIEWS).where(VIEWS.c.id == view_id).values(_values(given)))
    return await read_view(session, account, view_id)


async def remove_view(session: AsyncSession, account: Account, view_id: UUID) -> None:
    """Forget a view. Raises `ViewNotFound`, `NotYours`."""
    await _owner(session, account, view_id)
    await session.execute(delete(VIEWS).where(VIEWS.c.id == view_id))


def _shown() -> Select[Any]:
    return select(VIEWS, ACCOUNTS.c.name.label("owner")).join(ACCOUNTS, ACCOUNTS.c.id == VIEWS.c.owner_id)


def _values(given: ViewIn) -> dict[str, Any]:
    return {**given.model_dump(), "name_key": name_key(given.name), "updated_at": now()}


def _sees(account: Account, row: Any) -> bool:
    return row.owner_id == account.shown.id or account.role == "admin" or any(reaches(account.role, role) for role in row.shared_with)


async def _owner(session: AsyncSession, account: Account, view_id: UUID) -> UUID:
    """Return whose view it is, which the account may change; nobody else does until the transaction ends."""
    view = await read_view(session, account, view_id)
    owner_id: UUID | None = await session.scalar(select(VIEWS.c.owner_id).where(VIEWS.c.id == view_id).with_for_update())
    if owner_id is None or (owner_id != account.shown.id and account.role != "admin"):
        raise NotYours(f"the view {view.name!r} belongs to {view.owner}", remedy="Make one of your own, or ask an admin.")
    return owner_id


def _require_may_share(account: Account, given: ViewIn) -> None:
    if given.shared_with and not reaches(account.role, SHARES_VIEWS):
        raise RoleNeeded("sharing a view", SHARES_VIEWS, account.role)


def _taken(given: ViewIn) -> Conflict:
    problem = {"field": "name", "message": "is taken", "remedy": "Choose another name."}
    return Conflict(f"there is a view {given.name!r} already", code="name_taken", remedy="Choose another name.", fields=[problem])
