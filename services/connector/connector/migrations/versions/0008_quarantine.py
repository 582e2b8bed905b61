"""Quarantine: integrations that keep failing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "quarantines",
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", TIMESTAMP, nullable=True),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.Column("next_trial_at", TIMESTAMP, nullable=True),
        sa.Column("reason", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(["integration_id"], ["integrations.id"], name=op.f("fk_quarantines_integration_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("integration_id", name=op.f("pk_quarantines")),
    )


def downgrade() -> None:
    op.drop_table("quarantines")
