"""Fields of records, and what dropdowns offer."""

from sqlalchemy import Boolean, Column, Integer, String, Table

from mapper.tables.base import METADATA
from shared.db.types import Json, Timestamp

FIELDS = Table(
    "fields",
    METADATA,
    Column("object_type", String(20), primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("label", String(200), nullable=False),
    Column("data_type", String(20), nullable=False),
    Column("is_unique", Boolean, nullable=False),
    Column("history", Boolean, nullable=False),
    Column("editable", Boolean, nullable=False),
    Column("mandatory", Boolean, nullable=False),
    Column("dropdown", String(10)),
    Column("default_value", Json),
    Column("help", String(1000)),
    Column("max_length", Integer),
    Column("whole", Boolean, nullable=False),
    # Counts up with each change: mappings that were compiled before are known by it.
    Column("revision", Integer, nullable=False),
    Column("created_at", Timestamp, nullable=False),
)

# What dropdowns offer; `folded` is how two of them are compared.
FIELD_OPTIONS = Table(
    "field_options",
    METADATA,
    Column("object_type", String(20), primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("folded", String(1000), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("value", String(256), nullable=False),
)
