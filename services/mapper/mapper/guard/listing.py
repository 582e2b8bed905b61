"""Listing the tray, oldest first, with the names of those whom it is about."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.tables import PEOPLE, SAAS_USERS, WITHHELD
from shared.api.guard import LossKind, WithheldOut, WithheldState
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page, encode_cursor, id_in

NAMES = ("email", "full_name")


@dataclass(frozen=True, slots=True)
class WithheldQuery:
    """What of the tray is wanted."""

    state: WithheldState | None = None
    kind: LossKind | None = None
    saas_instance_id: UUID | None = None
    integration_id: UUID | None = None
    cursor: str | None = None
    limit: int = PAGE_SIZE
    count: bool = False


def withheld_wanted(
    *,
    state: WithheldState | None = None,
    kind: LossKind | None = None,
    saas_instance_id: UUID | None = None,
    integration_id: UUID | None = None,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE_SIZE,
    count: bool = False,
) -> WithheldQuery:
    """Read the list's query parameters."""
    return WithheldQuery(state, kind, saas_instance_id, integration_id, cursor, limit, count)


async def list_withheld(session: AsyncSession, ask: WithheldQuery) -> Page[WithheldOut]:
    """Return a page of the tray. Raises `BadCursor`."""
    condition = _condition(ask)
    statement = _named().where(condition).order_by(WITHHELD.c.id).limit(ask.limit + 1)
    if ask.cursor is not None:
        statement = statement.where(WITHHELD.c.id > id_in(ask.cursor))
    rows = list((await session.execute(statement)).all())
    shown = rows[: ask.limit]
    total = await session.scalar(select(func.count()).select_from(WITHHELD).where(condition)) if ask.count else None
    more = encode_cursor([str(shown[-1].id)]) if len(rows) > ask.limit else None
    return Page(items=[_shown(row) for row in shown], next_cursor=more, total=total)


def _condition(ask: WithheldQuery) -> ColumnElement[bool]:
    wanted = {
        WITHHELD.c.state: ask.state,
        WITHHELD.c.kind: ask.kind,
        WITHHELD.c.saas_instance_id: ask.saas_instance_id,
        WITHHELD.c.integration_id: ask.integration_id,
    }
    return and_(WITHHELD.c.id.is_not(None), *(column == value for column, value in wanted.items() if value is not None))


def _named() -> Select[Any]:
    joined = select(WITHHELD, *(func.coalesce(_text(SAAS_USERS, name), _text(PEOPLE, name)).label(name) for name in NAMES))
    return joined.outerjoin(SAAS_USERS, SAAS_USERS.c.id == WITHHELD.c.record_id).outerjoin(PEOPLE, PEOPLE.c.id == WITHHELD.c.record_id)


def _text(table: Any, name: str) -> ColumnElement[str]:
    text: ColumnElement[str] = table.c.fields[name].as_string()
    return text


def _shown(row: Row[Any]) -> WithheldOut:
    return WithheldOut.model_validate(row)
