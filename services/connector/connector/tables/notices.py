"""Notices, the contacts who are told of them, and how telling went."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, Uuid, text

from connector.tables.base import METADATA
from shared.db.types import Json, Timestamp

CONTACTS = Table(
    "contacts",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("channel", String(20), nullable=False),
    # Of a webhook, what may be shown of its URL; the whole is among the secrets.
    Column("address", String(2000), nullable=False),
    Column("kinds", Json),
    Column("integration_ids", Json),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    CheckConstraint("channel IN ('email', 'webhook')", name="channel"),
)

CONTACT_SECRETS = Table(
    "contact_secrets",
    METADATA,
    Column("id", Uuid, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("data_key", LargeBinary),
    Column("key_id", String(32), nullable=False, index=True),
)

NOTICES = Table(
    "notices",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("integration_id", Uuid, ForeignKey("integrations.id", ondelete="CASCADE"), index=True),
    Column("title", String(300), nullable=False),
    Column("message", Text, nullable=False),
    Column("remedy", Text),
    Column("details", Json, nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_at", Timestamp, nullable=False),
    Column("last_at", Timestamp, nullable=False),
    Column("closed_at", Timestamp, index=True),
    Column("closed_by", String(200)),
    # What happens again while a notice is open is that notice: whichever replica writes it.
    Index(
        "uq_notices_open",
        "kind",
        "subject",
        unique=True,
        postgresql_where=text("closed_at IS NULL"),
        sqlite_where=text("closed_at IS NULL"),
    ),
)

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("notice_id", Uuid, ForeignKey("notices.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("contact_id", Uuid, ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Timestamp, index=True),
    Column("fence", Integer, nullable=False),
    Column("problem", Text),
    Column("sent_at", Timestamp),
    CheckConstraint("state IN ('waiting', 'sent', 'failed')", name="state"),
)
