"""Runs, their pages, their errors, their log, and whom they asked for."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, Uuid, text

from connector.tables.base import METADATA
from shared.db.types import BigIdentity, Json, Timestamp

RUNS = Table(
    "runs",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("integration_id", Uuid, ForeignKey("integrations.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(20), nullable=False, default="full"),
    Column("mode", String(20), nullable=False, default="apply"),
    Column("state", String(30), nullable=False),
    Column("phase", String(30), nullable=False),
    Column("provenance", Json),
    Column("credential_id", Uuid),
    Column("input_variables", Json),
    # Of a run that reads an uploaded file: which one, also once there is a newer one.
    Column("file_id", Uuid),
    Column("next_cursor", Json),
    # On the source's clock: when this run began to read, and, of a quick run, from when on it reads changes at the earliest.
    Column("watermark", Timestamp),
    Column("since", Timestamp),
    Column("pages", Integer, nullable=False, default=0),
    Column("pages_applied", Integer, nullable=False, default=0),
    Column("fetched", Integer, nullable=False, default=0),
    Column("total", Integer),
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
    Column("withheld_losses", Integer, nullable=False, default=0, server_default=text("0")),
    Column("held_values", Integer, nullable=False, default=0, server_default=text("0")),
    Column("error", Json),
    Column("notes", Json),
    Column("correlation_id", Uuid, nullable=False),
    Column("requested_by", String(200), nullable=False),
    # Who reads the source; NULL: a worker of ours.
    Column("agent", String(200)),
    Column("fence", Integer, nullable=False, default=0),
    Column("lease_until", Timestamp),
    Column("created_at", Timestamp, nullable=False),
    Column("started_at", Timestamp),
    # Since when the mapper is waited for, or, while absences are proven, the source.
    Column("applying_since", Timestamp),
    Column("ended_at", Timestamp),
    Column("cancel_requested_at", Timestamp),
    Column("cancel_requested_by", String(200)),
    Column("replay_of", Uuid),
    # Of a run that applies a plan: the run that planned.
    Column("plan_of", Uuid, index=True),
    Column("pages_staged", Integer, nullable=False, default=0, server_default=text("0")),
    Column("would_update", Integer, nullable=False, default=0, server_default=text("0")),
    Column("existing", Integer, nullable=False, default=0, server_default=text("0")),
    # Where a run goes on once it was approved.
    Column("resume_phase", String(30)),
    Column("log_entries", Integer, nullable=False, default=0),
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
    # The part of the source that it shows, such as a tenant.
    Column("part", String(200), nullable=False, default="", server_default=text("''")),
    # How many of them the mapper is told; the others could not be read.
    Column("told", Integer),
    Column("fetched_at", Timestamp, nullable=False),
    Column("fetch_ms", Integer),
    Column("committed_at", Timestamp),
    Column("applied_at", Timestamp),
    Column("staged_at", Timestamp),
    CheckConstraint("kind IN ('listing', 'drift', 'replay', 'plan')", name="kind"),
)

# The parts of the source, such as tenants, that a run has read to their end with nothing left out; of a quick run, until it ends.
RUN_PARTS = Table(
    "run_parts",
    METADATA,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("part", String(200), primary_key=True),
)

# When the last run that has read a part to its end began, and from when on the next quick one reads it, on the source's clock.
PART_WATERMARKS = Table(
    "part_watermarks",
    METADATA,
    Column("integration_id", Uuid, ForeignKey("integrations.id", ondelete="CASCADE"), primary_key=True),
    Column("part", String(200), primary_key=True),
    Column("began", Timestamp, nullable=False),
    Column("since", Timestamp, nullable=False),
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
    Column("redacted_at", Timestamp),
    Column("redacted_by", String(200)),
    # The run that tells the record again; told, once `replayed_at` says so. A run that ended before leaves the record to another one.
    Column("replay_run_id", Uuid, index=True),
    Column("replayed_at", Timestamp),
)

# What happened in a run, in the order in which it was written: what its log shows. Bounded for each run.
RUN_LOG = Table(
    "run_log",
    METADATA,
    Column("position", BigIdentity, primary_key=True, autoincrement=True),
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("details", Json, nullable=False),
    Index("ix_run_log_run_id_position", "run_id", "position"),
    sqlite_autoincrement=True,
)

RUN_SUSPECTS = Table(
    "run_suspects",
    METADATA,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("source_id", String(200), primary_key=True),
    # The part of the source in which they were observed last: it is asked there.
    Column("part", String(200), nullable=False, default="", server_default=text("''")),
    Column("finding", String(20)),
    Column("asked_at", Timestamp),
    Column("proof", Json),
    Column("record", Json),
    Column("problem", Json),
    CheckConstraint("finding IN ('absent', 'present', 'unclear')", name="finding"),
)
