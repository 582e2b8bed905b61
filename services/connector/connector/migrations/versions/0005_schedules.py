"""Schedules: when integrations run by themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("given", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("anchor", TIMESTAMP, nullable=False),
        sa.Column("next_due", TIMESTAMP, nullable=True),
        sa.Column("last_due", TIMESTAMP, nullable=True),
        sa.Column("last_run_id", sa.Uuid(), nullable=True),
        sa.Column("skipped", sa.Text(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('full', 'quick')", name=op.f("ck_schedules_kind")),
        sa.ForeignKeyConstraint(["integration_id"], ["integrations.id"], name=op.f("fk_schedules_integration_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("integration_id", "kind", name=op.f("pk_schedules")),
    )
    op.create_index(op.f("ix_schedules_next_due"), "schedules", ["next_due"])


def downgrade() -> None:
    op.drop_index(op.f("ix_schedules_next_due"), table_name="schedules")
    op.drop_table("schedules")
