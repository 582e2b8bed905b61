"""Uploaded files, and their rows in pieces."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Uuid

from connector.tables.base import METADATA
from shared.db.types import Json, Timestamp

FILES = Table(
    "files",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("integration_id", Uuid, ForeignKey("integrations.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    # What was found out about it: format, encoding, delimiter, sheet, other sheets.
    Column("layout", Json, nullable=False),
    Column("columns", Json, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("pieces", Integer, nullable=False),
    Column("uploaded_at", Timestamp, nullable=False),
    Column("uploaded_by", String(200), nullable=False),
    # NULL: its pieces are being written, or whoever wrote them died.
    Column("ready_at", Timestamp),
    # Since when its pieces are gone; what it was stays known.
    Column("removed_at", Timestamp),
    Column("removed_by", String(200)),
    Index("ix_files_integration_id_uploaded_at", "integration_id", "uploaded_at"),
)

FILE_PIECES = Table(
    "file_pieces",
    METADATA,
    Column("file_id", Uuid, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
