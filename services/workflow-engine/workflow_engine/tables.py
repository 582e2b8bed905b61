"""What the workflow engine stores."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text, UniqueConstraint, Uuid

from shared.db.migrate import Schema
from shared.db.naming import metadata
from shared.db.types import Json, Timestamp
from shared.inbox import inbox_table
from shared.outbox import outbox_table

METADATA: MetaData = metadata()
OUTBOX = outbox_table(METADATA)
INBOX = inbox_table(METADATA)

WORKFLOWS = Table(
    "workflows",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("object_type", String(20), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("active_version", Integer),
    Column("definition", Json, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
    CheckConstraint("state IN ('draft', 'active', 'inactive')", name="state"),
)

# A version never changes once it is written: runs that began on it end on it.
VERSIONS = Table(
    "versions",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("workflow_id", Uuid, ForeignKey("workflows.id", ondelete="RESTRICT"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("object_type", String(20), nullable=False),
    Column("starts_on", String(20), nullable=False),
    Column("definition", Json, nullable=False),
    Column("presets", Json, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("created_by", String(200), nullable=False),
    UniqueConstraint("workflow_id", "version"),
    CheckConstraint("starts_on IN ('manual', 'record_changed')", name="starts_on"),
)

RUNS = Table(
    "runs",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("workflow_id", Uuid, ForeignKey("workflows.id", ondelete="RESTRICT"), nullable=False),
    Column("version_id", Uuid, ForeignKey("versions.id", ondelete="RESTRICT"), nullable=False),
    Column("record_type", String(20), nullable=False),
    Column("record_id", Uuid, nullable=False, index=True),
    Column("state", String(20), nullable=False),
    Column("exit", String(20)),
    Column("message", Text),
    Column("cause_id", Uuid, nullable=False),
    Column("cause", Text, nullable=False),
    Column("correlation_id", Uuid, nullable=False),
    Column("started_at", Timestamp, nullable=False),
    Column("ended_at", Timestamp),
    # The same cause starts a version once for each record, however often it is told.
    UniqueConstraint("version_id", "record_id", "cause_id"),
    CheckConstraint("state IN ('running', 'succeeded', 'failed')", name="state"),
    CheckConstraint("exit IN ('success', 'failure')", name="exit"),
    Index("ix_runs_workflow_id_id", "workflow_id", "id"),
    Index("ix_runs_workflow_id_state_id", "workflow_id", "state", "id"),
)

STEPS = Table(
    "steps",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("version_id", Uuid, ForeignKey("versions.id", ondelete="RESTRICT"), nullable=False),
    Column("block_id", String(63), nullable=False),
    Column("block_type", String(100), nullable=False),
    Column("state", String(20), nullable=False),
    Column("exit", String(20)),
    Column("attempt", Integer, nullable=False, default=0),
    Column("code", String(100)),
    Column("message", Text),
    Column("remedy", Text),
    Column("evidence", Json, nullable=False),
    Column("due_at", Timestamp, nullable=False),
    # Who works on the step: a worker whose claim is no longer written here has lost it, and may write nothing.
    Column("claim_id", Uuid, index=True),
    Column("lease_until", Timestamp),
    Column("started_at", Timestamp),
    Column("ended_at", Timestamp),
    # A run goes through each block once, so that advancing it twice changes nothing.
    UniqueConstraint("run_id", "block_id"),
    CheckConstraint("state IN ('ready', 'running', 'applying', 'succeeded', 'failed')", name="state"),
    CheckConstraint("exit IN ('success', 'failure')", name="exit"),
    Index("ix_steps_state_due_at", "state", "due_at"),
    Index("ix_steps_state_lease_until", "state", "lease_until"),
    Index("ix_steps_version_id_block_id_state_due_at", "version_id", "block_id", "state", "due_at"),
)

SCHEMA = Schema(name="workflow_engine", package="workflow_engine", metadata=METADATA)
