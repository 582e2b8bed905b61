"""Writing many rows of a table in one statement, on both databases."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Column, Dialect, String, Table, TextClause, bindparam, insert, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.upsert import insert_for

POSTGRES: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # the dialect's maker has no types


async def put(session: AsyncSession, table: Table, rows: Sequence[dict[str, Any]], *, replacing: tuple[str, ...] = ()) -> None:
    """Insert rows that all have the same columns, in their order.

    Where a row with the same primary key is there already, the columns named in `replacing` take the new values; without
    any, the database refuses it with an `IntegrityError`. PostgreSQL is sent all rows as one JSON document: a parameter
    for each value costs the client more than all the rest of a page.
    """
    if not rows:
        return
    if session.get_bind().dialect.name == "postgresql":
        statement = _from_json(table, tuple(rows[0]), replacing)
        await session.execute(statement, {"rows": orjson.dumps(rows, default=_plain).decode()})
        return
    if replacing:
        upsert = insert_for(session, table)
        values = {name: upsert.excluded[name] for name in replacing}
        await session.execute(upsert.on_conflict_do_update(index_elements=list(table.primary_key), set_=values), rows)
        return
    await session.execute(insert(table), rows)


@cache
def _from_json(table: Table, names: tuple[str, ...], replacing: tuple[str, ...]) -> TextClause:
    columns = ", ".join(f'"{name}"' for name in names)
    types = ", ".join(f'"{name}" {_type(table.c[name])}' for name in names)
    words = f'INSERT INTO "{table.name}" ({columns}) SELECT {columns} FROM json_to_recordset(CAST(:rows AS json)) AS given({types})'
    if replacing:
        keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
        values = ", ".join(f'"{name}" = excluded."{name}"' for name in replacing)
        words += f" ON CONFLICT ({keys}) DO UPDATE SET {values}"
    return text(words).bindparams(bindparam("rows", type_=String))


def _type(column: Column[Any]) -> str:
    # Without a length: a text that is too long must be refused by the table, not cut off on its way.
    return "TEXT" if isinstance(column.type, String) else column.type.compile(dialect=POSTGRES)


def _plain(value: Any) -> str:
    """Return what orjson does not know by itself: the driver's own kind of UUID."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written")
