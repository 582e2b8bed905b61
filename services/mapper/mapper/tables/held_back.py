"""Records of a source that are not written, and why."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, Uuid

from mapper.tables.base import METADATA
from shared.db.types import Json, Timestamp

# The first records that each run's filter held back, each with the conditions that it failed.
FILTERED = Table(
    "filtered",
    METADATA,
    Column("run_id", Uuid, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("integration_id", Uuid, nullable=False),
    Column("source_id", String(200), nullable=False),
    Column("mapping_version", Integer, nullable=False),
    Column("fetched_at", Timestamp, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("kept_at", Timestamp, nullable=False, index=True),
)

# Records of a source that are not written, each with the reason that it had last. Gone as soon as one is written.
HELD_BACK = Table(
    "held_back",
    METADATA,
    Column("source_id", String(200), primary_key=True),
    Column("integration_id", Uuid, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("code", String(60), nullable=False),
    Column("reason", Json, nullable=False),
    Column("run_id", Uuid, nullable=False),
    Column("page", Integer, nullable=False),
    Column("mapping_version", Integer, nullable=False),
    Column("since", Timestamp, nullable=False),
    CheckConstraint("kind IN ('rejected', 'preference', 'put_away', 'conflict', 'ignored')", name="kind"),
    Index("ix_held_back_integration_id", "integration_id"),
)
