"""Agents that have asked for work."""

from sqlalchemy import Column, String, Table

from connector.tables.base import METADATA
from shared.db.types import Json, Timestamp

AGENTS = Table(
    "agents",
    METADATA,
    Column("name", String(200), primary_key=True),
    Column("version", String(50), nullable=False),
    Column("providers", Json, nullable=False),
    Column("first_seen_at", Timestamp, nullable=False),
    Column("seen_at", Timestamp, nullable=False),
)
