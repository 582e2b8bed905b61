"""Many rows in one parameter of a statement, on both databases: written, or looked for."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Dialect,
    FromClause,
    String,
    Table,
    Text,
    TextClause,
    TypeDecorator,
    Uuid,
    any_,
    bindparam,
    column,
    func,
    insert,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from shared.db.upsert import insert_for

POSTGRES: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # the dialect's maker has no types


async def put(
    session: AsyncSession,
    table: Table,
    rows: Sequence[dict[str, Any]],
    *,
    replacing: tuple[str, ...] = (),
    unique: tuple[str, ...] = (),
    where_other: tuple[str, ...] = (),
) -> None:
    """Insert rows that all have the same columns, in their order.

    Where a row with the same primary key, or the same values of the columns `unique`, is there already, the columns named in
    `replacing` take the new values, unless `where_other` names columns and none of them differs; without any in `replacing`, the
    database refuses it with an `IntegrityError`. PostgreSQL is sent a column of all rows as one array: a parameter for each value
    costs the client more than all the rest of a page, and one JSON document of all rows costs the server half more.
    """
    if not rows:
        return
    if session.get_bind().dialect.name == "postgresql":
        names = tuple(rows[0])
        statement = _from_arrays(table, names, replacing, unique or _keys(table), where_other)
        await session.execute(statement, {name: _array(table.c[name], rows) for name in names})
        return
    if replacing:
        upsert = insert_for(session, table)
        values = {name: upsert.excluded[name] for name in replacing}
        differs = or_(*(table.c[name].is_distinct_from(upsert.excluded[name]) for name in where_other)) if where_other else None
        keys = list(unique or _keys(table))
        await session.execute(upsert.on_conflict_do_update(index_elements=keys, set_=values, where=differs), rows)
        return
    await session.execute(insert(table), rows)


def given(session: AsyncSession, rows: Sequence[Sequence[str]], *names: str) -> FromClause:
    """Return rows of texts as something to select from and join with, with a column for each name."""
    if session.get_bind().dialect.name == "postgresql":
        document = orjson.dumps([dict(zip(names, row, strict=True)) for row in rows]).decode()
        columns = [column(name, Text) for name in names]
        return (
            func.json_to_recordset(sql_cast(literal(document, String), JSON))
            .table_valued(*columns)
            .render_derived(name="given", with_types=True)
        )
    each = func.json_each(orjson.dumps(rows).decode()).table_valued("value", name="each")
    return select(*(func.json_extract(each.c.value, f"$[{place}]").label(name) for place, name in enumerate(names))).subquery("given")


class Several(TypeDecorator[Sequence[Any]]):
    """Any number of texts or ids in one parameter: an array on PostgreSQL, a JSON array on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, *, ids: bool) -> None:
        super().__init__()
        self.ids = ids

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return what the database takes."""
        element = Uuid() if self.ids else Text()
        return dialect.type_descriptor(postgresql.ARRAY(element) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """Send them all."""
        values = list(value or ())
        if dialect.name == "postgresql":
            return values
        return orjson.dumps([one.hex for one in values] if self.ids else values).decode()


def among(session: AsyncSession, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a column is one of the texts or ids that are given as the parameter `name`.

    Unlike `IN`, it is the same statement for any number of them: neither we nor the database have to read it anew.
    """
    several = bindparam(name, type_=Several(ids=isinstance(column.type, Uuid)))
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(several)
    return column.in_(select(func.json_each(several).table_valued("value").c.value))


@cache
def _from_arrays(
    table: Table, names: tuple[str, ...], replacing: tuple[str, ...], unique: tuple[str, ...], where_other: tuple[str, ...]
) -> TextClause:
    columns = ", ".join(f'"{name}"' for name in names)
    arrays = ", ".join(f"CAST(:{name} AS {_type(table.c[name])}[])" for name in names)
    words = f'INSERT INTO "{table.name}" ({columns}) SELECT * FROM unnest({arrays})'
    if replacing:
        keys = ", ".join(f'"{name}"' for name in unique)
        values = ", ".join(f'"{name}" = excluded."{name}"' for name in replacing)
        words += f" ON CONFLICT ({keys}) DO UPDATE SET {values}"
    if where_other:
        words += " WHERE " + " OR ".join(f'"{table.name}"."{name}" IS DISTINCT FROM excluded."{name}"' for name in where_other)
    return text(words)


def _keys(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)


def _type(column: Column[Any]) -> str:
    # Without a length: a text that is too long must be refused by the table, not cut off on its way.
    return "TEXT" if isinstance(column.type, String) else column.type.compile(dialect=POSTGRES)


def _array(column: Column[Any], rows: Sequence[dict[str, Any]]) -> list[Any]:
    values = [row[column.name] for row in rows]
    if not isinstance(column.type, JSON):
        return values
    # Many rows share what is said of a whole page.
    written: dict[int, str] = {}
    for value in values:
        if value is not None and id(value) not in written:
            written[id(value)] = orjson.dumps(value, default=_plain).decode()
    return [None if value is None else written[id(value)] for value in values]


def _plain(value: Any) -> str:
    """Return what orjson does not know by itself: the driver's own kind of UUID."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written")
