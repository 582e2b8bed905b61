"""Runs: which kind, planned or applied, who cancelled them, how far they are, their log, and what was told again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


KINDS = "kind IN ('listing', 'drift', 'replay')"
KINDS_BEFORE = "kind IN ('listing', 'drift')"


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("kind", sa.String(length=20), nullable=False, server_default="full"))
        runs.add_column(sa.Column("mode", sa.String(length=20), nullable=False, server_default="apply"))
        runs.add_column(sa.Column("watermark", sa.DateTime(timezone=True), nullable=True))
        runs.add_column(sa.Column("since", sa.DateTime(timezone=True), nullable=True))
        runs.add_column(sa.Column("total", sa.Integer(), nullable=True))
        runs.add_column(sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True))
        runs.add_column(sa.Column("cancel_requested_by", sa.String(length=200), nullable=True))
        runs.add_column(sa.Column("replay_of", sa.Uuid(), nullable=True))
        runs.add_column(sa.Column("log_entries", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("runs") as runs:
        for column in ("kind", "mode", "log_entries"):
            runs.alter_column(column, server_default=None)
    with op.batch_alter_table("run_pages") as pages:
        pages.add_column(sa.Column("fetch_ms", sa.Integer(), nullable=True))
        pages.add_column(sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True))
        pages.drop_constraint(op.f("ck_run_pages_kind"), type_="check")
        pages.create_check_constraint(op.f("ck_run_pages_kind"), KINDS)
    with op.batch_alter_table("run_errors") as errors:
        errors.add_column(sa.Column("redacted_at", sa.DateTime(timezone=True), nullable=True))
        errors.add_column(sa.Column("redacted_by", sa.String(length=200), nullable=True))
        errors.add_column(sa.Column("replay_run_id", sa.Uuid(), nullable=True))
        errors.add_column(sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True))
        errors.create_index(op.f("ix_run_errors_replay_run_id"), ["replay_run_id"], unique=False)
    op.create_table(
        "run_log",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("details", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_log_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_run_log")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_run_log_run_id_position", "run_log", ["run_id", "position"], unique=False)


def downgrade() -> None:
    op.drop_table("run_log")
    with op.batch_alter_table("run_errors") as errors:
        errors.drop_index(op.f("ix_run_errors_replay_run_id"))
        for column in ("redacted_at", "redacted_by", "replay_run_id", "replayed_at"):
            errors.drop_column(column)
    op.execute("DELETE FROM run_pages WHERE kind = 'replay'")
    with op.batch_alter_table("run_pages") as pages:
        for column in ("fetch_ms", "committed_at"):
            pages.drop_column(column)
        pages.drop_constraint(op.f("ck_run_pages_kind"), type_="check")
        pages.create_check_constraint(op.f("ck_run_pages_kind"), KINDS_BEFORE)
    added = ("kind", "mode", "watermark", "since", "total", "cancel_requested_at", "cancel_requested_by", "replay_of", "log_entries")
    with op.batch_alter_table("runs") as runs:
        for column in added:
            runs.drop_column(column)
