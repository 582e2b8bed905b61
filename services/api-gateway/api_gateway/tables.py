"""The gateway's tables: accounts, their tokens (hashes only), the audit, and saved views."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, LargeBinary, String, Table, Text, UniqueConstraint, Uuid

from shared.db.migrate import Schema
from shared.db.naming import metadata
from shared.db.types import BigIdentity, Json, Timestamp
from shared.inbox import inbox_table
from shared.outbox import outbox_table

METADATA = metadata()
OUTBOX = outbox_table(METADATA)
INBOX = inbox_table(METADATA)

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("role", String(20), nullable=False),
    Column("created_at", Timestamp, nullable=False),
    CheckConstraint("kind IN ('person', 'service')", name="kind"),
    CheckConstraint("role IN ('viewer', 'operator', 'admin', 'agent')", name="role"),
)

API_TOKENS = Table(
    "api_tokens",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("expires_at", Timestamp),
    Column("revoked_at", Timestamp),
    Column("last_used_at", Timestamp),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("position", BigIdentity, primary_key=True, autoincrement=True),
    Column("at", Timestamp, nullable=False, index=True),
    Column("account", String(200), nullable=False),
    Column("token_id", Uuid, nullable=False),
    Column("method", String(10), nullable=False),
    Column("route", String(200), nullable=False),
    Column("target", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("correlation_id", Uuid, nullable=False),
    sqlite_autoincrement=True,
)

VIEWS = Table(
    "views",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False),
    Column("object_type", String(20), nullable=False),
    Column("shared_with", Json, nullable=False),
    Column("rule", Json),
    Column("search", Text),
    Column("sort", String(100)),
    Column("fields", Json),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
    UniqueConstraint("owner_id", "name_key"),
)

SCHEMA = Schema(name="api_gateway", package="api_gateway", metadata=METADATA)
