"""What signs in, and the values that integrations refer to."""

from sqlalchemy import Boolean, Column, LargeBinary, String, Table, Text, Uuid

from connector.tables.base import METADATA
from shared.db.types import Timestamp

CREDENTIALS = Table(
    "credentials",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("kind", String(100), nullable=False),
    Column("provider", String(100), nullable=False),
    Column("client_id", String(200), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("last_tested_at", Timestamp),
    Column("last_test_ok", Boolean),
)

VARIABLES = Table(
    "variables",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("value", Text, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
)
