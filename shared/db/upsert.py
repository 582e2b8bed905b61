"""INSERT ... ON CONFLICT for both databases, from one statement."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

Insert = postgresql.Insert | sqlite.Insert


def insert_for(place: AsyncSession | AsyncConnection, table: Table | type[Any]) -> Insert:
    """Return the insert of `place`'s dialect, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    dialect = place.get_bind().dialect.name if isinstance(place, AsyncSession) else place.dialect.name
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
