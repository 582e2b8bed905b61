"""Bulk edits: previewed, then applied as they stand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "bulk_edits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("object_type", sa.String(length=20), nullable=False),
        sa.Column("rule", JSON, nullable=True),
        sa.Column("search", sa.Text(), nullable=True),
        sa.Column("change", JSON, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("changing", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("applied_at", TIMESTAMP, nullable=True),
        sa.Column("applied_by", sa.String(length=200), nullable=True),
        sa.Column("changed", sa.Integer(), nullable=True),
        sa.Column("withheld", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('previewed', 'applied')", name=op.f("ck_bulk_edits_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_edits")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_bulk_edits_idempotency_key")),
    )
    op.create_index(op.f("ix_bulk_edits_created_at"), "bulk_edits", ["created_at"], unique=False)


def downgrade() -> None:
    op.drop_table("bulk_edits")
