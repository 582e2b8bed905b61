"""Who wins for a field, what sources say of it, and hand edits that are kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "field_authorities",
        sa.Column("object_type", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=63), nullable=False),
        sa.Column("sources", JSON, nullable=False),
        sa.Column("hand", sa.String(length=10), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint("hand IN ('keep', 'overwrite')", name=op.f("ck_field_authorities_hand")),
        sa.PrimaryKeyConstraint("object_type", "key", name=op.f("pk_field_authorities")),
    )
    op.create_table(
        "link_assertions",
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("says", JSON, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id", "integration_id"],
            ["links.source_id", "links.integration_id"],
            name=op.f("fk_link_assertions_source_id_integration_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", "integration_id", name=op.f("pk_link_assertions")),
    )
    op.create_table(
        "kept_by_hand",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=63), nullable=False),
        sa.Column("record_type", sa.String(length=20), nullable=False),
        sa.Column("value", JSON, nullable=True),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "key", name=op.f("pk_kept_by_hand")),
    )
    op.create_index("ix_kept_by_hand_record_type_key_record_id", "kept_by_hand", ["record_type", "key", "record_id"])


def downgrade() -> None:
    for table in ("kept_by_hand", "link_assertions", "field_authorities"):
        op.drop_table(table)
