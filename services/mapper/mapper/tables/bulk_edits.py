"""Bulk edits."""

from sqlalchemy import CheckConstraint, Column, Integer, String, Table, Text, Uuid

from mapper.tables.base import METADATA
from shared.db.types import Json, Timestamp

# Bulk edits: what somebody looked at, so that exactly this is applied. No record's values are kept here but those that were sent.
BULK_EDITS = Table(
    "bulk_edits",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("object_type", String(20), nullable=False),
    Column("rule", Json),
    Column("search", Text),
    Column("change", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("matched", Integer, nullable=False),
    Column("changing", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    # Which records there were, each in which revision.
    Column("fingerprint", String(64), nullable=False),
    Column("idempotency_key", String(200), unique=True),
    Column("created_at", Timestamp, nullable=False, index=True),
    Column("created_by", String(200), nullable=False),
    Column("applied_at", Timestamp),
    Column("applied_by", String(200)),
    Column("changed", Integer),
    Column("withheld", Integer),
    CheckConstraint("state IN ('previewed', 'applied')", name="state"),
)
