"""Mappings: their versions, pinned samples, and which of them is in use."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Uuid

from mapper.tables.base import METADATA
from shared.db.types import Json, Timestamp

MAPPING_VERSIONS = Table(
    "mapping_versions",
    METADATA,
    Column("integration_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("object_type", String(20), nullable=False),
    Column("targets", Json, nullable=False),
    Column("sync_keys", Json, nullable=False),
    Column("clears", Json, nullable=False),
    Column("restores_archived", Boolean, nullable=False),
    Column("filter", Json),
    Column("api_fields", Json, nullable=False),
    Column("author", String(200), nullable=False),
    Column("note", String(1000)),
    Column("restored_from", Integer),
    Column("created_at", Timestamp, nullable=False),
)

# Real records with what a mapping must make of them: no version that makes something else is stored.
MAPPING_SAMPLES = Table(
    "mapping_samples",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("integration_id", Uuid, nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("record", Json, nullable=False),
    Column("inputs", Json, nullable=False),
    Column("expected", Json, nullable=False),
    Column("author", String(200), nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("changed_at", Timestamp, nullable=False),
)

# The version with which each integration's whole directory was last read, and with which its present run began: records that the filter
# of the one held back, and that of the other lets through, come because of the change, and not because of anything at the source.
MAPPING_USES = Table(
    "mapping_uses",
    METADATA,
    Column("integration_id", Uuid, primary_key=True),
    Column("settled_version", Integer),
    Column("run_id", Uuid, nullable=False),
    Column("run_version", Integer, nullable=False),
    # Whose records the integration reads: the user whom a device names is one of the same application.
    Column("application", String(200)),
    # What the last run said of where its records came from, and what was to be done with them.
    Column("provenance", Json),
)
