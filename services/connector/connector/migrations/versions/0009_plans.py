"""Plans: runs that apply one, and pages that wait until somebody approves them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COUNTERS = ("pages_staged", "would_update", "existing")
BEFORE = "kind IN ('listing', 'drift', 'replay')"
AFTER = "kind IN ('listing', 'drift', 'replay', 'plan')"


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("plan_of", sa.Uuid(), nullable=True))
        for name in COUNTERS:
            runs.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
        runs.add_column(sa.Column("resume_phase", sa.String(length=30), nullable=True))
    op.create_index(op.f("ix_runs_plan_of"), "runs", ["plan_of"], unique=False)
    with op.batch_alter_table("run_pages") as pages:
        pages.add_column(sa.Column("told", sa.Integer(), nullable=True))
        pages.add_column(sa.Column("staged_at", sa.DateTime(timezone=True), nullable=True))
        pages.drop_constraint(op.f("ck_run_pages_kind"), type_="check")
        pages.create_check_constraint(op.f("ck_run_pages_kind"), AFTER)


def downgrade() -> None:
    with op.batch_alter_table("run_pages") as pages:
        pages.drop_constraint(op.f("ck_run_pages_kind"), type_="check")
        pages.create_check_constraint(op.f("ck_run_pages_kind"), BEFORE)
        pages.drop_column("staged_at")
        pages.drop_column("told")
    op.drop_index(op.f("ix_runs_plan_of"), "runs")
    with op.batch_alter_table("runs") as runs:
        for name in ("resume_phase", *reversed(COUNTERS), "plan_of"):
            runs.drop_column(name)
