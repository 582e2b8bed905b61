"""People, and the words by which they are searched."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Text, Uuid

from mapper.tables.base import METADATA
from shared.db.types import BigIdentity, Json, Timestamp

# A record's values are one JSON object. `folded` holds them as rules and sorting see them, computed when they are written.
PEOPLE = Table(
    "people",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("revision", Integer, nullable=False),
    # Neither is listed by default, nor written by a source; of whom is anonymised, nothing personal is left.
    Column("archived_at", Timestamp),
    Column("anonymised_at", Timestamp),
    Column("fields", Json, nullable=False),
    Column("folded", Json, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
)

# The words of each person, for full-text search: PostgreSQL has an index on them, SQLite an FTS5 table that triggers keep in step.
PEOPLE_WORDS = Table(
    "people_words",
    METADATA,
    Column("position", BigIdentity, primary_key=True, autoincrement=True),
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("words", Text, nullable=False),
    sqlite_autoincrement=True,
)
