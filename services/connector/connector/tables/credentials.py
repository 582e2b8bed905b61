"""What signs in, and the values that integrations refer to."""

from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, Table, Text, Uuid

from connector.tables.base import METADATA
from shared.db.types import Json, Timestamp

CREDENTIALS = Table(
    "credentials",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("kind", String(100), nullable=False),
    Column("provider", String(100), nullable=False),
    Column("fields", Json, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    # NULL: the master key itself encrypted the secret, which is then the client secret alone.
    Column("data_key", LargeBinary),
    Column("key_id", String(32), nullable=False, index=True),
    Column("created_at", Timestamp, nullable=False),
    Column("changed_at", Timestamp, nullable=False),
    Column("expires_at", Timestamp, index=True),
    Column("warned_days", Integer),
    Column("last_tested_at", Timestamp),
    Column("last_test_ok", Boolean),
)

VARIABLES = Table(
    "variables",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("type", String(20), nullable=False),
    Column("value", Text, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
)
