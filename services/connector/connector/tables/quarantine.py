"""Integrations that keep failing."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Uuid

from connector.tables.base import METADATA
from shared.db.types import Json, Timestamp

QUARANTINES = Table(
    "quarantines",
    METADATA,
    Column("integration_id", Uuid, ForeignKey("integrations.id", ondelete="CASCADE"), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", Timestamp),
    Column("trials", Integer, nullable=False),
    Column("next_trial_at", Timestamp),
    Column("reason", Json),
)
