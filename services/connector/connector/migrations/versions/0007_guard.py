"""Guard: how many losses of a run are withheld."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not as a batch: SQLite adds a column with a default by itself, and a batch would rebuild the table and its partial index.
    op.add_column("runs", sa.Column("withheld_losses", sa.Integer(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    op.drop_column("runs", "withheld_losses")
