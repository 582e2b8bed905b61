"""Devices."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Uuid

from mapper.tables.base import METADATA
from shared.db.types import Json, Timestamp

# Devices: each belongs to the person whom its source names, as soon as that person is known.
ASSETS = Table(
    "assets",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="SET NULL"), index=True),
    Column("revision", Integer, nullable=False),
    Column("fields", Json, nullable=False),
    Column("folded", Json, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
)
