"""Lists of records: filtered by a rule, sorted by a field, paged by cursor."""

from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Query
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, String, and_, cast, collate, func, literal, or_, select, true
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of, require_known
from mapper.records.changing import TABLES
from shared.errors import Invalid
from shared.events.records import RecordType
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, decode_cursor, encode_cursor
from shared.rules.model import Rule
from shared.rules.model import fields_of as fields_in
from shared.rules.sql import compiled

RULE: TypeAdapter[Any] = TypeAdapter(Rule)
OUTSIDE = frozenset({"synced_at"})
"""Fields that are not folded: they cannot be filtered by or sorted."""


class BadRule(Invalid):
    """A filter is not a rule."""

    code = "bad_rule"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list should hold."""

    rule: Any | None = None
    sort: str | None = None
    cursor: str | None = None
    limit: int = PAGE_SIZE
    count: bool = False


def wanted(
    filter: Annotated[str | None, Query(max_length=20_000, description="A rule, as JSON.")] = None,  # noqa: A002 - the public name
    sort: Annotated[str | None, Query(max_length=100, description="A field; `-` before it for descending.")] = None,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE_SIZE,
    count: bool = False,
) -> Wanted:
    """Read a list's query parameters. Raises `BadRule`."""
    return Wanted(None if filter is None else rule_from(filter), sort, cursor, limit, count)


def rule_from(given: str | dict[str, Any]) -> Any:
    """Return a rule from JSON. Raises `BadRule`, which says what is wrong."""
    try:
        return RULE.validate_python(orjson.loads(given) if isinstance(given, str) else given)
    except orjson.JSONDecodeError:
        raise BadRule("the filter is not JSON", remedy='Send a rule such as {"field": "email", "operator": "is_empty"}.') from None
    except ValidationError as error:
        problems = [
            {"field": ".".join(["filter", *(str(step) for step in problem["loc"])]), "message": problem["msg"]}
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise BadRule("the filter is not a rule", remedy="Correct the named places.", fields=problems[:20]) from None


async def listed(
    session: AsyncSession, record_type: RecordType, ask: Wanted, *more: ColumnElement[bool]
) -> tuple[list[Row[Any]], str | None, int | None]:
    """Return rows, the cursor of the next page, and the count if it was asked for. Raises `UnknownField`, `BadCursor`."""
    table = TABLES[record_type]
    condition = await _condition(session, record_type, ask, more)
    key, descending = await _order(session, record_type, ask.sort)
    statement = select(table).where(condition)
    if ask.cursor is not None:
        value, last = decode_cursor(ask.cursor, 2)
        statement = statement.where(_after(key, cast(table.c.id, String), value, last, descending=descending))
    by_id = cast(table.c.id, String)
    statement = statement.order_by(*((key.desc(), by_id.desc()) if descending else (key, by_id))).limit(ask.limit + 1)
    rows = list((await session.execute(statement.add_columns(key.label("sort_key"), by_id.label("id_text")))).all())
    total = await session.scalar(select(func.count()).select_from(table).where(condition)) if ask.count else None
    more_follow = len(rows) > ask.limit
    rows = rows[: ask.limit]
    cursor = encode_cursor([rows[-1].sort_key, rows[-1].id_text]) if more_follow else None
    return rows, cursor, total


async def _condition(
    session: AsyncSession, record_type: RecordType, ask: Wanted, more: tuple[ColumnElement[bool], ...]
) -> ColumnElement[bool]:
    if ask.rule is None:
        return and_(true(), *more)
    known = await fields_of(session, record_type)
    usable = {key: field for key, field in known.items() if key not in OUTSIDE}
    require_known(fields_in(ask.rule), usable, place="filter")
    return and_(compiled(ask.rule, lambda key: folded(session, record_type, key)), *more)


async def _order(session: AsyncSession, record_type: RecordType, sort: str | None) -> tuple[ColumnElement[str], bool]:
    if sort is None:
        return literal("", String), False
    key = sort.removeprefix("-")
    known = await fields_of(session, record_type)
    require_known([key], {name: field for name, field in known.items() if name not in OUTSIDE}, place="sort")
    return func.coalesce(folded(session, record_type, key), ""), sort.startswith("-")


def folded(session: AsyncSession, record_type: RecordType, key: str) -> ColumnElement[str]:
    """Return the folded text of a field, compared byte by byte in both databases."""
    text: ColumnElement[str] = TABLES[record_type].c.folded[key].as_string()
    return collate(text, "C") if session.get_bind().dialect.name == "postgresql" else text


def _after(key: ColumnElement[str], by_id: ColumnElement[str], value: Any, last: Any, *, descending: bool) -> ColumnElement[bool]:
    if descending:
        return or_(key < value, and_(key == value, by_id < last))
    return or_(key > value, and_(key == value, by_id > last))
