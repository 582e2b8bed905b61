"""Undos of runs."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, String, Table, Uuid

from mapper.tables.base import METADATA
from shared.db.types import Json, Timestamp

# Undos, planned or made. What one undoes is a run, or another undo; `root_run_id` is the run that all of them go back to.
UNDOS = Table(
    "undos",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("root_run_id", Uuid, nullable=False, index=True),
    Column("undoes", Uuid, nullable=False),
    Column("undoes_kind", String(10), nullable=False),
    Column("integration_id", Uuid, nullable=False),
    Column("integration_name", String(200), nullable=False),
    Column("applies", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
    # How far it has come: in the revisions while it collects, then among the people.
    Column("position", BigInteger, nullable=False),
    Column("person_cursor", Uuid),
    Column("first_position", BigInteger, nullable=False),
    Column("last_position", BigInteger, nullable=False),
    # Where its own revisions are found.
    Column("own_first", BigInteger),
    Column("own_last", BigInteger),
    Column("crossed", Json, nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("asked_at", Timestamp, nullable=False),
    Column("ended_at", Timestamp),
    CheckConstraint("undoes_kind IN ('run', 'undo')", name="undoes_kind"),
    CheckConstraint("state IN ('collecting', 'judging', 'weighing', 'planned', 'applying', 'done')", name="state"),
)

# One row for each record that an undo is about. `person_id` keeps a person and their SaaS users together.
UNDO_ITEMS = Table(
    "undo_items",
    METADATA,
    Column("undo_id", Uuid, primary_key=True),
    Column("record_id", Uuid, primary_key=True),
    Column("record_type", String(20), nullable=False),
    Column("person_id", Uuid),
    Column("scope", String(60)),
    Column("action", String(20)),
    Column("fields", Json, nullable=False),
    Column("conflicts", Json, nullable=False),
    Column("conflicted", Boolean, nullable=False),
    Column("outcome", String(20)),
    CheckConstraint("action IN ('put_back', 'remove', 'bring_back', 'keep', 'nothing')", name="action"),
    CheckConstraint("outcome IN ('applied', 'kept', 'withheld', 'nothing')", name="outcome"),
    Index("ix_undo_items_undo_id_person_id", "undo_id", "person_id"),
)

# Ids of a source whose records an undo removed: they come again with the next run, and quietly, as if nobody had been there before.
UNMADE = Table(
    "unmade",
    METADATA,
    Column("source_id", String(200), primary_key=True),
    Column("integration_id", Uuid, primary_key=True, index=True),
    Column("undo_id", Uuid, nullable=False),
)
