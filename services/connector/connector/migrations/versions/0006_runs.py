"""Runs: which kind, planned or applied, and who cancelled them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("kind", sa.String(length=20), nullable=False, server_default="full"))
        runs.add_column(sa.Column("mode", sa.String(length=20), nullable=False, server_default="apply"))
        runs.add_column(sa.Column("watermark", sa.DateTime(timezone=True), nullable=True))
        runs.add_column(sa.Column("since", sa.DateTime(timezone=True), nullable=True))
        runs.add_column(sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True))
        runs.add_column(sa.Column("cancel_requested_by", sa.String(length=200), nullable=True))
    with op.batch_alter_table("runs") as runs:
        runs.alter_column("kind", server_default=None)
        runs.alter_column("mode", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        for column in ("kind", "mode", "watermark", "since", "cancel_requested_at", "cancel_requested_by"):
            runs.drop_column(column)
