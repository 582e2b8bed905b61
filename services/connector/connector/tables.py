"""What the connector stores."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    text,
)

from shared.db.migrate import Schema
from shared.db.naming import metadata
from shared.db.types import Json, Timestamp
from shared.inbox import inbox_table
from shared.outbox import outbox_table

METADATA: MetaData = metadata()
OUTBOX = outbox_table(METADATA)
INBOX = inbox_table(METADATA)

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

INTEGRATIONS = Table(
    "integrations",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("provider", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("state", String(20), nullable=False),
    Column("user_selection", String(40)),
    Column("installation", String(20), nullable=False),
    Column("preference", String(40), nullable=False),
    Column("integration_user", String(200)),
    Column("saas_instance_id", Uuid),
    Column("credential_id", Uuid, ForeignKey("credentials.id", ondelete="RESTRICT"), index=True),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
    CheckConstraint("state IN ('draft', 'active', 'paused')", name="state"),
)

INTEGRATION_INPUTS = Table(
    "integration_inputs",
    METADATA,
    Column("integration_id", Uuid, ForeignKey("integrations.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("variable_id", Uuid, ForeignKey("variables.id", ondelete="RESTRICT"), index=True),
    Column("value", Text),
    CheckConstraint("(variable_id IS NULL) <> (value IS NULL)", name="one_of_both"),
)

RUNS = Table(
    "runs",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("integration_id", Uuid, ForeignKey("integrations.id", ondelete="CASCADE"), nullable=False),
    Column("state", String(30), nullable=False),
    Column("phase", String(30), nullable=False),
    Column("provenance", Json),
    Column("credential_id", Uuid),
    Column("input_variables", Json),
    Column("next_cursor", Json),
    Column("pages", Integer, nullable=False, default=0),
    Column("pages_applied", Integer, nullable=False, default=0),
    Column("fetched", Integer, nullable=False, default=0),
    Column("requests", Integer, nullable=False, default=0),
    Column("errors", Integer, nullable=False, default=0),
    Column("added", Integer, nullable=False, default=0),
    Column("updated", Integer, nullable=False, default=0),
    Column("unchanged", Integer, nullable=False, default=0),
    Column("filtered", Integer, nullable=False, default=0),
    Column("skipped", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("withheld", Integer, nullable=False, default=0),
    Column("missing", Integer, nullable=False, default=0),
    Column("newly_missing", Integer, nullable=False, default=0),
    Column("error", Json),
    Column("correlation_id", Uuid, nullable=False),
    Column("requested_by", String(200), nullable=False),
    Column("fence", Integer, nullable=False, default=0),
    Column("lease_until", Timestamp),
    Column("created_at", Timestamp, nullable=False),
    Column("started_at", Timestamp),
    Column("applying_since", Timestamp),
    Column("ended_at", Timestamp),
    Index("ix_runs_integration_id_created_at", "integration_id", "created_at"),
    # One run at a time: whichever replica is asked, the second one that is not ended does not fit in.
    Index(
        "uq_runs_not_ended",
        "integration_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
        sqlite_where=text("ended_at IS NULL"),
    ),
)

RUN_PAGES = Table(
    "run_pages",
    METADATA,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("records", Integer, nullable=False),
    Column("fetched_at", Timestamp, nullable=False),
    Column("applied_at", Timestamp),
    CheckConstraint("kind IN ('listing', 'drift')", name="kind"),
)

RUN_ERRORS = Table(
    "run_errors",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("page", Integer, nullable=False),
    Column("source_id", String(200), nullable=False),
    Column("code", String(100), nullable=False),
    Column("message", Text, nullable=False),
    Column("field", String(200)),
    Column("remedy", Text),
    Column("record", Json),
)

RUN_SUSPECTS = Table(
    "run_suspects",
    METADATA,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("source_id", String(200), primary_key=True),
    Column("finding", String(20)),
    Column("proof", Json),
    Column("record", Json),
    Column("problem", Json),
    CheckConstraint("finding IN ('absent', 'present', 'unclear')", name="finding"),
)

OPERATIONS = Table(
    "operations",
    METADATA,
    Column("idempotency_key", String(200), primary_key=True),
    Column("provider", String(100), nullable=False),
    Column("operation", String(100), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("final", Boolean, nullable=False, default=False),
    Column("outcome", Json),
    Column("sent", Json),
    Column("fence", Integer, nullable=False, default=0),
    Column("lease_until", Timestamp),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False, index=True),
)

SCHEMA = Schema(name="connector", package="connector", metadata=METADATA)
