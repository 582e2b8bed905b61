"""What was spent of each source's request limits."""

from sqlalchemy import Column, String, Table

from connector.tables.base import METADATA
from shared.db.types import Json, Timestamp

RATE_BUDGETS = Table(
    "rate_budgets",
    METADATA,
    Column("scope", String(200), primary_key=True),
    Column("spent", Json, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
)
