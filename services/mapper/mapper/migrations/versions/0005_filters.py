"""Filters of integrations: stored with the mapping, and who was held back by one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
ACTIONS = "ck_plan_items_action"
BEFORE = "action IN ('create', 'update', 'unchanged', 'skip', 'reject', 'missing')"
AFTER = "action IN ('create', 'update', 'unchanged', 'skip', 'filter', 'reject', 'missing')"


def upgrade() -> None:
    op.add_column("mapping_versions", sa.Column("filter", JSON, nullable=True))
    op.create_table(
        "mapping_uses",
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("settled_version", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("run_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("integration_id", name=op.f("pk_mapping_uses")),
    )
    op.create_table(
        "filtered",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=False),
        sa.Column("fetched_at", TIMESTAMP, nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("kept_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "page", "place", name=op.f("pk_filtered")),
    )
    op.create_index(op.f("ix_filtered_kept_at"), "filtered", ["kept_at"], unique=False)
    _actions(AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM plan_items WHERE action = 'filter'")
    _actions(BEFORE)
    op.drop_table("filtered")
    op.drop_table("mapping_uses")
    with op.batch_alter_table("mapping_versions") as batch:
        batch.drop_column("filter")


def _actions(allowed: str) -> None:
    with op.batch_alter_table("plan_items") as batch:
        batch.drop_constraint(op.f(ACTIONS), type_="check")
        batch.create_check_constraint(op.f(ACTIONS), allowed)
