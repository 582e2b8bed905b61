"""When integrations run by themselves."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, String, Table, Text, Uuid

from connector.tables.base import METADATA
from shared.db.types import Json, Timestamp

SCHEDULES = Table(
    "schedules",
    METADATA,
    Column("integration_id", Uuid, ForeignKey("integrations.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("given", Json, nullable=False),
    Column("anchor", Timestamp, nullable=False),
    Column("next_due", Timestamp, index=True),
    Column("last_due", Timestamp),
    Column("last_run_id", Uuid),
    Column("skipped", Text),
    Column("enabled", Boolean, nullable=False),
    CheckConstraint("kind IN ('full', 'quick')", name="kind"),
)
