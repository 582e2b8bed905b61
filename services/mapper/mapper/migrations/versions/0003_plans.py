"""Plans: what runs would do, record by record."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "plans",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=False),
        sa.Column("staging", sa.Boolean(), nullable=False),
        sa.Column("existing", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("planned_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_planned_at"), "plans", ["planned_at"], unique=False)
    op.create_table(
        "plan_items",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("saas_user_id", sa.Uuid(), nullable=True),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("problem", JSON, nullable=True),
        sa.Column("proof", JSON, nullable=True),
        sa.Column("record", JSON, nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("fetched_at", TIMESTAMP, nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.CheckConstraint("action IN ('create', 'update', 'unchanged', 'skip', 'reject', 'missing')", name=op.f("ck_plan_items_action")),
        sa.CheckConstraint("outcome IN ('applied', 'moved', 'failed')", name=op.f("ck_plan_items_outcome")),
        sa.PrimaryKeyConstraint("run_id", "page", "place", name=op.f("pk_plan_items")),
    )
    op.create_index("ix_plan_items_run_id_source_id", "plan_items", ["run_id", "source_id"], unique=False)
    op.create_table(
        "plan_claims",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.String(length=1000), nullable=False),
        sa.Column("field", sa.String(length=63), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "value", "field", name=op.f("pk_plan_claims")),
    )


def downgrade() -> None:
    op.drop_table("plan_claims")
    op.drop_table("plan_items")
    op.drop_table("plans")
