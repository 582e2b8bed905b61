"""Forecasts, and what the last run of each integration said of itself."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("mapping_uses", sa.Column("provenance", JSON, nullable=True))
    op.create_table(
        "forecasts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("asked", JSON, nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("fields_revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("source_cursor", sa.String(200), nullable=False),
        sa.Column("item_cursor", JSON, nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("workflows", JSON, nullable=False),
        sa.Column("notes", JSON, nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("asked_at", TIMESTAMP, nullable=False),
        sa.Column("ended_at", TIMESTAMP, nullable=True),
        sa.CheckConstraint("state IN ('counting', 'asking', 'done')", name=op.f("ck_forecasts_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecasts")),
    )
    op.create_index("ix_forecasts_asked_at", "forecasts", ["asked_at"])


def downgrade() -> None:
    op.drop_table("forecasts")
    op.drop_column("mapping_uses", "provenance")
