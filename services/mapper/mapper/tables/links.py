"""What sources call the records, and what they said last of them."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, Text, Uuid, text

from mapper.tables.base import METADATA, of_some
from shared.db.types import Json, Timestamp

# What one integration calls a record, and what it last said of it. A run touches every row, so the columns that it changes have no index.
LINKS = Table(
    "links",
    METADATA,
    Column("source_id", String(200), primary_key=True),
    Column("integration_id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="CASCADE"), index=True),
    Column("saas_user_id", Uuid, ForeignKey("saas_users.id", ondelete="SET NULL"), index=True),
    # A device has an asset instead of a person, and may name its user by the id that the source has for them.
    Column("asset_id", Uuid, ForeignKey("assets.id", ondelete="CASCADE")),
    Column("assigned_source_id", String(200)),
    Column("content_hash", String(64), nullable=False),
    Column("last_run_id", Uuid, nullable=False),
    Column("last_observed_at", Timestamp, nullable=False),
    Column("first_observed_at", Timestamp, nullable=False),
    Column("first_seen", Json, nullable=False),
    Column("missing_since", Timestamp),
    Column("deleted_at", Timestamp),
    # The part of the source, such as a tenant, in which it was observed last.
    Column("part", String(200), nullable=False, default="", server_default=text("''")),
    # A run writes the part that stands there already, which costs the index nothing.
    Index("ix_links_part_integration_id", "part", "integration_id"),
    CheckConstraint("person_id IS NOT NULL OR asset_id IS NOT NULL", name="of_somebody"),
    Index("ix_links_asset_id", "asset_id", **of_some("asset_id")),
    Index("ix_links_assigned_source_id", "assigned_source_id", **of_some("assigned_source_id")),
)

# What a source said last of each record that is linked, or held back by more than the filter: `content` is the raw JSON.
# `held_with`: of who is held back, the configuration that did it.
OBSERVATIONS = Table(
    "observations",
    METADATA,
    Column("source_id", String(200), primary_key=True),
    Column("integration_id", Uuid, primary_key=True),
    Column("content", Text, nullable=False),
    Column("digest", String(32), nullable=False),
    Column("held_with", String(100)),
    Column("observed_at", Timestamp, nullable=False),
)
