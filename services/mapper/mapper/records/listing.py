"""Lists of records: filtered by a rule or searched, sorted by a field, paged by cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import Query
from sqlalchemy import ColumnElement, Select, and_, literal, not_, select, true, tuple_
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of, require_known, types_of
from mapper.fields.values import is_storable
from mapper.records.changing import TABLES
from mapper.records.counting import Total, counted, counted_up_to
from mapper.scope import InParts
from mapper.search.searching import found_by
from mapper.tables import PEOPLE
from shared.api.base import Gap
from shared.api.fields import FieldOut
from shared.api.lists import ListCheckOut
from shared.errors import Invalid
from shared.events.records import RecordType
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, BadCursor, decode_cursor, encode_cursor
from shared.rules import At
from shared.rules.checking import require_fitting
from shared.rules.reading import SHAPE, bad_rule, read_rule
from shared.rules.sql import Folded, compiled, folded_text

OUTSIDE = {"synced_at": "is kept beside the record"}
"""Fields that no list can be filtered or sorted by, and why."""
SORTED_BY_INDEX: dict[RecordType, frozenset[str]] = {"person": frozenset({"email", "full_name"}), "saas_user": frozenset({"email"})}
"""Fields by which a list is sorted without reading all of it."""
MOST_FIELDS = 200
EMPTY = ""
"""How a cursor writes an empty field: no folded text is."""

Direction = Literal["up", "down"]


class NotListable(Invalid):
    """A list cannot be sorted by a field, or searched."""

    code = "not_listable"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list should hold, as it is `at` that moment."""

    at: At
    rule: Any | None = None
    place: str = "filter"
    """How the caller calls the rule: what is wrong with it is said of this place."""
    search: str | None = None
    sort: str | None = None
    fields: Sequence[str] | None = None
    cursor: str | None = None
    limit: int = PAGE_SIZE
    count: bool = False
    archived: bool | None = False
    """Of People: those who are active, those who are archived or anonymised, or (None) all of them."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list: its rows, the cursor of the next page, and the total if it was asked for."""

    rows: list[Row[Any]]
    cursor: str | None
    total: Total | None

    def paged(self) -> dict[str, Any]:
        """Return everything of a page but its items."""
        total = self.total
        return {
            "next_cursor": self.cursor,
            "total": None if total is None else total.number,
            "total_is_estimate": total is not None and total.is_estimate,
        }


def wanted(
    parts: InParts,
    *,
    filter: Annotated[str | None, Query(max_length=20_000, description="A rule, as JSON.")] = None,  # noqa: A002 - the public name
    sort: Annotated[str | None, Query(max_length=100, description="A field; `-` before it for descending.")] = None,
    fields: Annotated[str | None, Query(max_length=20_000, description="The fields wanted, with commas between them.")] = None,
    cursor: Annotated[str | None, Query(max_length=8000)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE_SIZE,
    count: bool = False,
) -> Wanted:
    """Read a list's query parameters. Raises `BadRule`, `Invalid`."""
    return Wanted(
        parts.at(),
        rule=None if filter is None else _rule_from(filter),
        sort=sort,
        fields=None if fields is None else selection(fields.split(",")),
        cursor=cursor,
        limit=limit,
        count=count,
    )


def _rule_from(sent: str) -> Any:
    try:
        return read_rule(orjson.loads(sent), place="filter")
    except orjson.JSONDecodeError:
        raise bad_rule([Gap(field="filter", message="is not JSON", remedy=SHAPE)], place="filter") from None


def selection(named: Sequence[str]) -> Sequence[str]:
    """Return the fields that are wanted, each once. Raises `Invalid` for too many."""
    keys = list(dict.fromkeys(key.strip() for key in named))
    if len(keys) > MOST_FIELDS:
        problems = [{"field": "fields", "message": f"names more than {MOST_FIELDS} fields"}]
        raise Invalid("too many fields are wanted", remedy="Leave `fields` out to get all of them.", fields=problems)
    return keys


async def listed(session: AsyncSession, record_type: RecordType, ask: Wanted, *more: ColumnElement[bool]) -> Listed:
    """Return a page of a list.

    Raises `BadRule`, `UnknownField`, `NotListable`, `BadCursor`.
    """
    known = await fields_of(session, record_type)
    require_known(ask.fields or (), known, place="fields")
    order = _order(session, record_type, ask.sort, known)
    condition = condition_of(session, record_type, ask, known, *more)
    rows = await _rows(session, record_type, ask, order, condition)
    total = await counted(session, TABLES[record_type], condition) if ask.count else None
    if len(rows) <= ask.limit:
        return Listed(rows, None, total)
    rows = rows[: ask.limit]
    return Listed(rows, encode_cursor([ask.sort or "", rows[-1].sort_key or EMPTY, str(rows[-1].id)]), total)


async def check_list(session: AsyncSession, record_type: RecordType, ask: Wanted, count_to: int | None = None) -> ListCheckOut:
    """Raise what `listed` would for such a list; say what is to be known before it is read to its end."""
    known = await fields_of(session, record_type)
    require_known(ask.fields or (), known, place="fields")
    order = _order(session, record_type, ask.sort, known)
    condition = condition_of(session, record_type, ask, known)
    records = None if count_to is None else await counted_up_to(session, TABLES[record_type], condition, count_to)
    by_index = order.key is None or order.name.removeprefix("-") in SORTED_BY_INDEX[record_type]
    return ListCheckOut(records=records, by_index=by_index)


def selected(fields: dict[str, Any], wanted_fields: Sequence[str] | None) -> dict[str, Any]:
    """Return the values that are wanted, null where a field is empty; without a choice those that there are."""
    return fields if wanted_fields is None else {key: fields.get(key) for key in wanted_fields}


def condition_of(
    session: AsyncSession, record_type: RecordType, ask: Wanted, known: dict[str, FieldOut], *more: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return what a record meets to be in the list. Raises `BadRule`."""
    conditions: list[ColumnElement[bool]] = [true(), *more]
    if record_type == "person" and ask.archived is not None:
        active = and_(PEOPLE.c.archived_at.is_(None), PEOPLE.c.anonymised_at.is_(None))
        conditions.append(not_(active) if ask.archived else active)
    if ask.search is not None:
        if record_type != "person":
            problems = [{"field": "search", "message": "finds People only"}]
            raise NotListable("only People are searched by words", remedy="Use a rule.", fields=problems)
        conditions.append(TABLES[record_type].c.id.in_(found_by(session, ask.search)))
    if ask.rule is not None:
        require_fitting(ask.rule, types_of(known), place=ask.place, closed=OUTSIDE)
        conditions.append(
            compiled(ask.rule, lambda key: Folded(folded(session, record_type, key), known[key].data_type), ask.at),
        )
    return and_(*conditions)


@dataclass(frozen=True, slots=True)
class _Order:
    """What a list is ordered by: a field's folded text, empty first, and the id, which makes the order strict. Or the id alone."""

    name: str
    key: ColumnElement[str] | None
    by_id: ColumnElement[Any]
    direction: Direction

    def by(self) -> list[ColumnElement[Any]]:
        """Return the columns in their order, as an index on them has it, forwards or backwards."""
        if self.key is None:
            return [self.by_id]
        if self.direction == "up":
            return [self.key.asc().nulls_first(), self.by_id]
        return [self.key.desc().nulls_last(), self.by_id.desc()]

    def beyond(self, text: str, record_id: UUID) -> list[ColumnElement[bool]]:
        """Return what comes after a record: one condition after the other, each of them a span of the index."""
        ids = self.by_id > record_id if self.direction == "up" else self.by_id < record_id
        if self.key is None:
            return [ids]
        if text == EMPTY:
            rest = [self.key.is_not(None)] if self.direction == "up" else []
            return [and_(self.key.is_(None), ids), *rest]
        here, last = tuple_(self.key, self.by_id), tuple_(literal(text), literal(record_id, self.by_id.type))
        # SQLite takes the first comparison as the index's span, PostgreSQL the second as well: there a tie costs nothing.
        if self.direction == "up":
            return [and_(self.key >= text, here > last)]
        return [and_(self.key <= text, here < last), self.key.is_(None)]


async def _rows(
    session: AsyncSession, record_type: RecordType, ask: Wanted, order: _Order, condition: ColumnElement[bool]
) -> list[Row[Any]]:
    """Return one row more than the page holds, if there is one; at most two statements, the second where empty values begin or end."""
    table = TABLES[record_type]
    columns = [column for column in table.c if column.name != "folded"]
    sort_key: ColumnElement[Any] = literal(EMPTY) if order.key is None else order.key
    statement: Select[Any] = select(*columns, sort_key.label("sort_key")).where(condition)
    if ask.cursor is None:
        return list((await session.execute(statement.order_by(*order.by()).limit(ask.limit + 1))).all())
    rows: list[Row[Any]] = []
    for span in order.beyond(*_position(ask.cursor, ask.sort)):
        missing = ask.limit + 1 - len(rows)
        if missing:
            rows += (await session.execute(statement.where(span).order_by(*order.by()).limit(missing))).all()
    return rows


def _order(session: AsyncSession, record_type: RecordType, sort: str | None, known: dict[str, FieldOut]) -> _Order:
    """Return the order that is asked for. Raises `UnknownField`, `NotListable`."""
    by_id: ColumnElement[Any] = TABLES[record_type].c.id
    if sort is None:
        return _Order("", None, by_id, "up")
    key = sort.removeprefix("-")
    require_known([key], known, place="sort")
    if key in OUTSIDE:
        fields = [{"field": f"sort.{key}", "message": OUTSIDE[key]}]
        raise NotListable(f"a list cannot be sorted by {key}, which {OUTSIDE[key]}", remedy="Use another field.", fields=fields)
    return _Order(sort, folded(session, record_type, key), by_id, "down" if sort.startswith("-") else "up")


def folded(session: AsyncSession, record_type: RecordType, key: str) -> ColumnElement[str]:
    """Return the folded text of a field, compared byte by byte in both databases."""
    return folded_text(TABLES[record_type].c.folded, key, session.get_bind().dialect.name)


def _position(cursor: str, sort: str | None) -> tuple[str, UUID]:
    """Return where the page before ended: the folded text of its last record, and its id. Raises `BadCursor`."""
    of, text, record_id = decode_cursor(cursor, 3)
    if of != (sort or ""):
        raise BadCursor("the cursor belongs to a list in another order", remedy="Leave it out when you change `sort`.")
    try:
        if is_storable(text):
            return text, UUID(record_id)
    except ValueError:
        pass
    raise BadCursor("the cursor cannot be read")
