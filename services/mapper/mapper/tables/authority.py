"""Who wins for a field, and what each says of it."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, String, Table, Uuid

from mapper.tables.base import METADATA
from shared.db.types import Json, Timestamp

# Who wins for a field (`key`), or what becomes of hand edits of a whole object type (the key `*`). Rows are emptied, and never removed:
# each change counts up, and what was settled before is known by it.
FIELD_AUTHORITIES = Table(
    "field_authorities",
    METADATA,
    Column("object_type", String(20), primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("sources", Json, nullable=False),
    Column("hand", String(10)),
    Column("revision", Integer, nullable=False),
    Column("changed_at", Timestamp, nullable=False),
    Column("changed_by", String(200), nullable=False),
    CheckConstraint("hand IN ('keep', 'overwrite')", name="hand"),
)

# What each record of a source says of the fields for which somebody said who wins: of all others nothing is kept.
LINK_ASSERTIONS = Table(
    "link_assertions",
    METADATA,
    Column("source_id", String(200), primary_key=True),
    Column("integration_id", Uuid, primary_key=True),
    Column("says", Json, nullable=False),
    # With which state of the orders it was settled last; 0: it is to be settled again.
    Column("revision", Integer, nullable=False),
    ForeignKeyConstraint(["source_id", "integration_id"], ["links.source_id", "links.integration_id"], ondelete="CASCADE"),
)

# Hand edits that are kept until the field is given back to its sources.
KEPT_BY_HAND = Table(
    "kept_by_hand",
    METADATA,
    Column("record_id", Uuid, primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("record_type", String(20), nullable=False),
    Column("value", Json),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
    Index("ix_kept_by_hand_record_type_key_record_id", "record_type", "key", "record_id"),
)
