"""Many rows in one parameter of a statement, on both databases: written, or looked for."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    JSON,
    Column,
    Dialect,
    FromClause,
    String,
    Table,
    Text,
    TextClause,
    bindparam,
    column,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.upsert import insert_for

POSTGRES: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # the dialect's maker has no types


async def put(
    session: AsyncSession,
    table: Table,
    rows: Sequence[dict[str, Any]],
    *,
    replacing: tuple[str, ...] = (),
    unique: tuple[str, ...] = (),
) -> None:
    """Insert rows that all have the same columns, in their order.

    Where a row with the same primary key, or the same values of the columns `unique`, is there already, the columns named in
    `replacing` take the new values; without any, the database refuses it with an `IntegrityError`. PostgreSQL is sent all
    rows as one JSON document: a parameter for each value costs the client more than all the rest of a page.
    """
    if not rows:
        return
    if session.get_bind().dialect.name == "postgresql":
        statement = _from_json(table, tuple(rows[0]), replacing, unique or _keys(table))
        await session.execute(statement, {"rows": orjson.dumps(rows, default=_plain).decode()})
        return
    if replacing:
        upsert = insert_for(session, table)
        values = {name: upsert.excluded[name] for name in replacing}
        await session.execute(upsert.on_conflict_do_update(index_elements=list(unique or _keys(table)), set_=values), rows)
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


@cache
def _from_json(table: Table, names: tuple[str, ...], replacing: tuple[str, ...], unique: tuple[str, ...]) -> TextClause:
    columns = ", ".join(f'"{name}"' for name in names)
    types = ", ".join(f'"{name}" {_type(table.c[name])}' for name in names)
    words = f'INSERT INTO "{table.name}" ({columns}) SELECT {columns} FROM json_to_recordset(CAST(:rows AS json)) AS given({types})'
    if replacing:
        keys = ", ".join(f'"{name}"' for name in unique)
        values = ", ".join(f'"{name}" = excluded."{name}"' for name in replacing)
        words += f" ON CONFLICT ({keys}) DO UPDATE SET {values}"
    return text(words).bindparams(bindparam("rows", type_=String))


def _keys(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)


def _type(column: Column[Any]) -> str:
    # Without a length: a text that is too long must be refused by the table, not cut off on its way.
    return "TEXT" if isinstance(column.type, String) else column.type.compile(dialect=POSTGRES)


def _plain(value: Any) -> str:
    """Return what orjson does not know by itself: the driver's own kind of UUID."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written")
