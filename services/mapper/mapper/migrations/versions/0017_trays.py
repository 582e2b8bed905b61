"""Trays are counted, and told when they are empty again."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("trays", "emptied"):
        op.add_column("guard_scopes", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("guard_scopes", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
    # What was told before counts as the first tray of its scope: it is over as soon as nothing waits in it.
    op.execute("UPDATE guard_scopes SET trays = 1 WHERE scope IN (SELECT scope FROM withheld)")


def downgrade() -> None:
    for name in ("opened_at", "emptied", "trays"):
        with op.batch_alter_table("guard_scopes") as table:
            table.drop_column(name)
