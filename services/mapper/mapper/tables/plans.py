"""Plans of runs, and forecasts of what another configuration would do."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String, Table, Uuid

from mapper.tables.base import METADATA
from shared.db.types import Json, Timestamp

# What runs have planned or staged, and how far those that write have got: one row for each run that has something to remember.
PLANS = Table(
    "plans",
    METADATA,
    Column("run_id", Uuid, primary_key=True),
    Column("integration_id", Uuid, nullable=False),
    Column("mapping_version", Integer, nullable=False),
    # A run that only plans stages all its pages; one that writes stages them from the one on that rewrites too much.
    Column("staging", Boolean, nullable=False),
    Column("existing", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("planned_at", Timestamp, nullable=False, index=True),
)

PLAN_ITEMS = Table(
    "plan_items",
    METADATA,
    Column("run_id", Uuid, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("source_id", String(200), nullable=False),
    Column("action", String(20), nullable=False),
    Column("person_id", Uuid),
    Column("saas_user_id", Uuid),
    Column("asset_id", Uuid),
    Column("changes", Json, nullable=False),
    Column("problem", Json),
    Column("proof", Json),
    Column("record", Json),
    # What the decision rests on; a record without one has nothing to apply.
    Column("fingerprint", String(64)),
    Column("fetched_at", Timestamp, nullable=False),
    Column("outcome", String(20)),
    CheckConstraint("action IN ('create', 'update', 'unchanged', 'skip', 'filter', 'reject', 'missing')", name="action"),
    CheckConstraint("outcome IN ('applied', 'moved', 'failed')", name="outcome"),
    Index("ix_plan_items_run_id_source_id", "run_id", "source_id"),
)

# Unique values that planned pages take (`record_id`: a person or an asset) or give up (none): later pages of the same plan must see them.
PLAN_CLAIMS = Table(
    "plan_claims",
    METADATA,
    Column("run_id", Uuid, primary_key=True),
    Column("value", String(1000), primary_key=True),
    Column("field", String(63), primary_key=True),
    Column("record_id", Uuid),
    Column("source_id", String(200), nullable=False),
)

# Forecasts: plans over what was observed last, with a configuration that is thought of. Their records are in `plan_items`.
FORECASTS = Table(
    "forecasts",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("integration_id", Uuid, nullable=False),
    # What it is about: the configuration, and the version, run and fields that there were.
    Column("content", String(64), nullable=False),
    Column("asked", Json, nullable=False),
    Column("base_version", Integer, nullable=False),
    Column("run_id", Uuid),
    Column("fields_revision", Integer, nullable=False),
    # How far it has come: among the observations, then among the plan's items.
    Column("state", String(20), nullable=False),
    Column("source_cursor", String(200), nullable=False),
    Column("item_cursor", Json, nullable=False),
    Column("records", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("fields", Json, nullable=False),
    Column("workflows", Json, nullable=False),
    Column("notes", Json, nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("asked_at", Timestamp, nullable=False, index=True),
    Column("ended_at", Timestamp),
    CheckConstraint("state IN ('counting', 'asking', 'done')", name="state"),
)
