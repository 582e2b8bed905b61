"""Lists of records: filtered by a rule, sorted by a field, paged by cursor."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Query
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of, require_known, types_of
from mapper.fields.values import is_storable
from mapper.records.changing import TABLES
from mapper.scope import InParts
from shared.errors import Invalid
from shared.events.records import RecordType
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, BadCursor, decode_cursor, encode_cursor
from shared.rules import At
from shared.rules.checking import require_fitting
from shared.rules.reading import BadRule, read_rule
from shared.rules.sql import Folded, compiled, folded_text

OUTSIDE = {"synced_at": "is kept beside the record"}
"""Fields that no list can be filtered or sorted by, and why."""


class NotListable(Invalid):
    """A list cannot be sorted by a field."""

    code = "not_listable"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list should hold, as it is `at` that moment."""

    at: At
    rule: Any | None = None
    sort: str | None = None
    cursor: str | None = None
    limit: int = PAGE_SIZE
    count: bool = False


def wanted(
    parts: InParts,
    *,
    filter: Annotated[str | None, Query(max_length=20_000, description="A rule, as JSON.")] = None,  # noqa: A002 - the public name
    sort: Annotated[str | None, Query(max_length=100, description="A field; `-` before it for descending.")] = None,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE_SIZE,
    count: bool = False,
) -> Wanted:
    """Read a list's query parameters. Raises `BadRule`."""
    return Wanted(parts.at(), None if filter is None else _rule_from(filter), sort, cursor, limit, count)


def _rule_from(sent: str) -> Any:
    try:
        return read_rule(orjson.loads(sent), place="filter")
    except orjson.JSONDecodeError:
        raise BadRule("the filter is not JSON", remedy='Send a rule such as {"field": "email", "operator": "is_empty"}.') from None


async def listed(
    session: AsyncSession, record_type: RecordType, ask: Wanted, *more: ColumnElement[bool]
) -> tuple[list[Row[Any]], str | None, int | None]:
    """Return rows, the cursor of the next page, and the count if it was asked for.

    Raises `BadRule`, `UnknownField`, `NotListable`, `BadCursor`.
    """
    table = TABLES[record_type]
    condition = await _condition(session, record_type, ask, more)
    keys, descending = await _order(session, record_type, ask.sort)
    statement = select(table, *(key.label(f"key_{place}") for place, key in enumerate(keys))).where(condition)
    if ask.cursor is not None:
        statement = _after(statement, keys, _position(ask.cursor, len(keys)), descending=descending)
    ordered = statement.order_by(*(key.desc() if descending else key for key in keys)).limit(ask.limit + 1)
    rows = list((await session.execute(ordered)).all())
    total = await session.scalar(select(func.count()).select_from(table).where(condition)) if ask.count else None
    cursor = None
    if len(rows) > ask.limit:
        rows = rows[: ask.limit]
        cursor = encode_cursor([str(getattr(rows[-1], f"key_{place}")) for place in range(len(keys))])
    return rows, cursor, total


async def _condition(
    session: AsyncSession, record_type: RecordType, ask: Wanted, more: tuple[ColumnElement[bool], ...]
) -> ColumnElement[bool]:
    if ask.rule is None:
        return and_(true(), *more)
    known = await fields_of(session, record_type)
    require_fitting(ask.rule, types_of(known), place="filter", closed=OUTSIDE)
    return and_(compiled(ask.rule, lambda key: Folded(folded(session, record_type, key), known[key].data_type), ask.at), *more)


async def _order(session: AsyncSession, record_type: RecordType, sort: str | None) -> tuple[list[ColumnElement[Any]], bool]:
    """Return what the list is ordered by, the id last: it makes the order strict, and alone it is the table's own key."""
    by_id: ColumnElement[Any] = TABLES[record_type].c.id
    if sort is None:
        return [by_id], False
    key = sort.removeprefix("-")
    require_known([key], await fields_of(session, record_type), place="sort")
    if key in OUTSIDE:
        fields = [{"field": f"sort.{key}", "message": OUTSIDE[key]}]
        raise NotListable(f"a list cannot be sorted by {key}, which {OUTSIDE[key]}", remedy="Use another field.", fields=fields)
    return [func.coalesce(folded(session, record_type, key), ""), by_id], sort.startswith("-")


def folded(session: AsyncSession, record_type: RecordType, key: str) -> ColumnElement[str]:
    """Return the folded text of a field, compared byte by byte in both databases."""
    return folded_text(TABLES[record_type].c.folded, key, session.get_bind().dialect.name)


def _position(cursor: str, length: int) -> list[Any]:
    """Return where the page before ended. Raises `BadCursor`."""
    values = decode_cursor(cursor, length)
    try:
        if all(isinstance(value, str) and is_storable(value) for value in values):
            return [*values[:-1], UUID(values[-1])]
    except ValueError:
        pass
    raise BadCursor("the cursor cannot be read", remedy="Use next_cursor as it was given, or leave it out.")


def _after(statement: Select[Any], keys: list[ColumnElement[Any]], last: list[Any], *, descending: bool) -> Select[Any]:
    beyond = [key < value if descending else key > value for key, value in zip(keys, last, strict=True)]
    if len(keys) == 1:
        return statement.where(beyond[0])
    return statement.where(or_(beyond[0], and_(keys[0] == last[0], beyond[1])))
