"""Whom a record belongs to: unique values, sync keys, conflicts, and people who were merged."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, Uuid

from mapper.tables.base import METADATA
from shared.db.types import Json, Timestamp

# Who holds which value of a unique field: the database, not a look before the write, keeps two from having one.
# Keys begin with what tells rows apart. Were it the field, or the integration below, PostgreSQL would look for a page's values by
# that alone while the table is too new for statistics: it would read all of a directory again for each of its pages.
UNIQUE_VALUES = Table(
    "unique_values",
    METADATA,
    Column("value", String(1000), primary_key=True),
    Column("field", String(63), primary_key=True),
    Column("object_type", String(20), primary_key=True),
    Column("record_id", Uuid, nullable=False, index=True),
)

# Sync keys that are no plain unique field: several fields together, or one that is compared its own way.
MATCH_KEYS = Table(
    "match_keys",
    METADATA,
    Column("name", String(63), primary_key=True),
    Column("object_type", String(20), nullable=False),
    Column("parts", Json, nullable=False),
    Column("created_at", Timestamp, nullable=False),
)

# Who has which value of those keys. Several may: whoever knows of another holder has `shared` filled with their own id. Whoever found
# nobody has it empty, and of these the database takes one: two who look at the same time cannot both be the first.
KEY_VALUES = Table(
    "key_values",
    METADATA,
    Column("value", String(1000), primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("shared", String(32), primary_key=True),
    Column("record_id", Uuid, nullable=False, index=True),
)

# Records of a source whose sync keys name somebody of whom it is not certain that they are meant, and what a person decided on them.
MATCH_CONFLICTS = Table(
    "match_conflicts",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("source_id", String(200), nullable=False),
    Column("integration_id", Uuid, nullable=False),
    Column("object_type", String(20), nullable=False),
    Column("state", String(10), nullable=False),
    Column("message", Text, nullable=False),
    # Raw, and kept only while it is open.
    Column("record", Json),
    Column("run_id", Uuid, nullable=False),
    Column("page", Integer, nullable=False),
    Column("mapping_version", Integer, nullable=False),
    Column("since", Timestamp, nullable=False),
    Column("decision", String(10)),
    Column("chosen_id", Uuid, index=True),
    Column("note", String(1000)),
    Column("decided_by", String(200)),
    Column("decided_at", Timestamp),
    CheckConstraint("state IN ('open', 'settled')", name="state"),
    CheckConstraint("decision IN ('choose', 'create', 'ignore')", name="decision"),
    Index("uq_match_conflicts_source_id_integration_id", "source_id", "integration_id", unique=True),
    Index("ix_match_conflicts_integration_id_state", "integration_id", "state"),
)

# Whom the record of a conflict may belong to. `sole`: a unique field of theirs names them, so that no new record can have its value.
MATCH_CANDIDATES = Table(
    "match_candidates",
    METADATA,
    Column("conflict_id", Uuid, ForeignKey("match_conflicts.id", ondelete="CASCADE"), primary_key=True),
    Column("record_id", Uuid, primary_key=True, index=True),
    Column("place", Integer, nullable=False),
    Column("keys", Json, nullable=False),
    Column("sole", Boolean, nullable=False),
)

# People who were merged: whom an id leads to, and what both were before, so that they can be two again.
MERGES = Table(
    "merges",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("kept_id", Uuid, nullable=False, index=True),
    Column("merged_id", Uuid, nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("note", String(1000)),
    Column("at", Timestamp, nullable=False),
    Column("by", String(200), nullable=False),
    # Empty once it is taken back, or one of them is anonymised: then it cannot be.
    Column("before", Json),
    # Between which revisions of the one who stays both were one.
    Column("first_revision", Integer, nullable=False),
    Column("last_revision", Integer),
    Column("unmerged_at", Timestamp),
    Column("unmerged_by", String(200)),
    CheckConstraint("state IN ('merged', 'unmerged')", name="state"),
)
