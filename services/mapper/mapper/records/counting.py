"""How many records a list has: exactly where that is quick, else from a sample."""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Table, func, literal, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

EXACT_UP_TO = 10_000
"""Records that are counted one by one."""
SAMPLED_PAGES = 500
"""Pages of the table that PostgreSQL looks at for an estimate: some thousand records."""
SAMPLED_ROWS = 5_000
"""Records that SQLite looks at for an estimate."""


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are, and whether that is an estimate."""

    number: int
    is_estimate: bool


async def counted(session: AsyncSession, table: Table, condition: ColumnElement[bool]) -> Total:
    """Count the records that meet a condition: exactly up to `EXACT_UP_TO`, beyond it as a share of an even sample.

    The sample is the same each time, as long as the table is: a total does not flicker from page to page.
    """
    number = await counted_up_to(session, table, condition, EXACT_UP_TO)
    if number <= EXACT_UP_TO:
        return Total(number, is_estimate=False)
    sample = _of_postgres if session.get_bind().dialect.name == "postgresql" else _of_sqlite
    ids, times = await sample(session, table)
    seen = await session.scalar(select(func.count()).select_from(table).where(table.c.id.in_(ids), condition)) or 0
    return Total(max(number, round(seen * times)), is_estimate=True)


async def counted_up_to(session: AsyncSession, table: Table, condition: ColumnElement[bool], most: int) -> int:
    """Return how many records meet a condition; one more than `most` when there are more than that."""
    some = select(literal(1)).select_from(table).where(condition).limit(most + 1).subquery()
    return await session.scalar(select(func.count()).select_from(some)) or 0


async def _of_postgres(session: AsyncSession, table: Table) -> tuple[Any, float]:
    """Return the ids in a sample of the table's pages, and how many times as large the table is."""
    words = "SELECT pg_relation_size(CAST(:name AS regclass)) / current_setting('block_size')::int"
    pages = await session.scalar(text(words), {"name": table.name}) or 1
    percent = min(100.0, 100 * SAMPLED_PAGES / pages)
    sample = table.tablesample(func.system(percent), seed=literal_column("1"))
    return select(sample.c.id), 100 / percent


async def _of_sqlite(session: AsyncSession, table: Table) -> tuple[Any, float]:
    """Return the ids of rows at even distances, and how many times as large the table is."""
    row_id: ColumnElement[int] = literal_column(f"{table.name}.rowid")
    last = await session.scalar(select(func.max(row_id)).select_from(table)) or 1
    step = max(1, last // SAMPLED_ROWS)
    places = func.json_each(orjson.dumps(list(range(1, last + 1, step))).decode()).table_valued("value")
    return select(table.c.id).where(row_id.in_(select(places.c.value))), float(step)
