"""People who were merged."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "merges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("merged_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("note", sa.String(1000), nullable=True),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("first_revision", sa.Integer(), nullable=False),
        sa.Column("last_revision", sa.Integer(), nullable=True),
        sa.Column("unmerged_at", TIMESTAMP, nullable=True),
        sa.Column("unmerged_by", sa.String(200), nullable=True),
        sa.CheckConstraint("state IN ('merged', 'unmerged')", name=op.f("ck_merges_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    op.create_index(op.f("ix_merges_kept_id"), "merges", ["kept_id"])
    op.create_index(op.f("ix_merges_merged_id"), "merges", ["merged_id"])


def downgrade() -> None:
    op.drop_table("merges")
