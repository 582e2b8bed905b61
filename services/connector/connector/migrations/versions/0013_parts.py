"""Parts of a source: what a page shows, which were read to their end, and where somebody is asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_parts",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_parts_run_id_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "part", name=op.f("pk_run_parts")),
    )
    for table in ("run_pages", "run_suspects"):
        op.add_column(table, sa.Column("part", sa.String(length=200), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    for table in ("run_pages", "run_suspects"):
        with op.batch_alter_table(table) as changed:
            changed.drop_column("part")
    op.drop_table("run_parts")
