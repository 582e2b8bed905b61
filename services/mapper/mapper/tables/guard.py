"""Losses of records: who was deleted, and what the guard holds back."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String, Table, Uuid, text

from mapper.tables.base import METADATA
from shared.db.types import Json, Timestamp

# Who was deleted at a source: known for ever, also when the records are kept no longer, so no column refers to them.
TOMBSTONES = Table(
    "tombstones",
    METADATA,
    Column("source_id", String(200), primary_key=True),
    Column("integration_id", Uuid, primary_key=True),
    Column("email_key", String(1000)),
    Column("person_id", Uuid, nullable=False),
    Column("saas_user_id", Uuid, nullable=False),
    Column("deleted_at", Timestamp, nullable=False),
    Column("cause", Json, nullable=False),
    Column("returned_at", Timestamp),
    Column("returned_as", String(200)),
    Index("ix_tombstones_email_key_integration_id", "email_key", "integration_id"),
)

# Losses of records, as they were let through: what the guard counts. A person's hand that let one through (`released`) answers for it.
LOSSES = Table(
    "losses",
    METADATA,
    Column("record_id", Uuid, primary_key=True),
    Column("kind", String(30), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("scope", String(60), nullable=False),
    Column("record_type", String(20), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("released", Boolean, nullable=False),
    Column("cause", Json, nullable=False),
    Index("ix_losses_scope_at", "scope", "at"),
)

# One row for each scope in which losses are counted together. Whoever weighs losses holds it: two must not both pass just under the limit.
GUARD_SCOPES = Table(
    "guard_scopes",
    METADATA,
    Column("scope", String(60), primary_key=True),
    # How often its tray went from empty to not, when it did last, and the last one that was told to be empty again.
    Column("trays", Integer, nullable=False, default=0, server_default=text("0")),
    Column("emptied", Integer, nullable=False, default=0, server_default=text("0")),
    Column("opened_at", Timestamp),
)

# The tray: losses that would have crossed a limit, each with its evidence. Nothing about the record changes while one is held.
WITHHELD = Table(
    "withheld",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("scope", String(60), nullable=False),
    Column("saas_instance_id", Uuid),
    Column("integration_id", Uuid),
    Column("record_type", String(20), nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("key", String(100), nullable=False),
    Column("source_id", String(200)),
    Column("proof", Json),
    Column("proven_at", Timestamp),
    Column("rule", Json),
    Column("cause", Json, nullable=False),
    Column("crossed", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("held_at", Timestamp, nullable=False),
    Column("seen_at", Timestamp, nullable=False),
    Column("decided_at", Timestamp),
    Column("decided_by", String(200)),
    Column("used_at", Timestamp),
    CheckConstraint("state IN ('held', 'released', 'discarded', 'moot')", name="state"),
    Index("ix_withheld_scope_state", "scope", "state"),
    Index("ix_withheld_record_id_state", "record_id", "state"),
    Index("ix_withheld_source_id_state", "source_id", "state"),
)
