"""Every change of a record, and which runs made it."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Uuid

from mapper.tables.base import METADATA
from shared.db.types import BigIdentity, Json, Timestamp

REVISIONS = Table(
    "revisions",
    METADATA,
    Column("position", BigIdentity, primary_key=True, autoincrement=True),
    Column("record_type", String(20), nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("changes", Json, nullable=False),
    Column("cause", Json, nullable=False),
    Column("proof", Json),
    Column("correlation_id", Uuid, nullable=False),
    # What no field shows and an undo or a question for the reason needs: the link before and after, raw values, a removed row.
    Column("origin", Json),
    # Of one that stands for several of its record: when the first of them was.
    Column("melted_from", Timestamp),
    Index("uq_revisions_record_type_record_id_revision", "record_type", "record_id", "revision", unique=True),
    sqlite_autoincrement=True,
)

# What runs wrote with: one row for each run and version of the mapping, and between which revisions what they wrote is found.
APPLIED_RUNS = Table(
    "applied_runs",
    METADATA,
    Column("run_id", Uuid, primary_key=True),
    Column("mapping_version", Integer, primary_key=True),
    Column("integration_id", Uuid, nullable=False),
    Column("integration_name", String(200), nullable=False),
    Column("provider", String(200), nullable=False),
    Column("first_at", Timestamp, nullable=False),
    Column("first_position", BigInteger, nullable=False),
    Column("last_position", BigInteger, nullable=False),
)

# How far the history has been compacted: one row.
COMPACTION = Table(
    "compaction",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("until", Timestamp, nullable=False),
)
