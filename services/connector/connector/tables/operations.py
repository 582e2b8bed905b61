"""The ledger of operations."""

from sqlalchemy import Boolean, Column, Integer, String, Table

from connector.tables.base import METADATA
from shared.db.types import Json, Timestamp

OPERATIONS = Table(
    "operations",
    METADATA,
    Column("idempotency_key", String(200), primary_key=True),
    Column("provider", String(100), nullable=False),
    Column("operation", String(100), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("final", Boolean, nullable=False, default=False),
    Column("outcome", Json),
    Column("sent", Json),
    Column("fence", Integer, nullable=False, default=0),
    Column("lease_until", Timestamp),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False, index=True),
)
