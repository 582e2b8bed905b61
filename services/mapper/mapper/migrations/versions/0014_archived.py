"""People who are archived or anonymised, and mappings that bring the archived back."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
KIND = "ck_held_back_kind"


def upgrade() -> None:
    with op.batch_alter_table("held_back") as table:
        table.drop_constraint(op.f(KIND), type_="check")
        table.create_check_constraint(op.f(KIND), "kind IN ('rejected', 'preference', 'put_away')")
    op.add_column("people", sa.Column("archived_at", TIMESTAMP, nullable=True))
    op.add_column("people", sa.Column("anonymised_at", TIMESTAMP, nullable=True))
    with op.batch_alter_table("mapping_versions") as table:
        table.add_column(sa.Column("restores_archived", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("mapping_versions") as table:
        table.alter_column("restores_archived", existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM held_back WHERE kind = 'put_away'")
    with op.batch_alter_table("held_back") as table:
        table.drop_constraint(op.f(KIND), type_="check")
        table.create_check_constraint(op.f(KIND), "kind IN ('rejected', 'preference')")
    with op.batch_alter_table("mapping_versions") as table:
        table.drop_column("restores_archived")
    # Not in a batch: SQLite would make the table anew, and lose the indexes on expressions.
    op.drop_column("people", "anonymised_at")
    op.drop_column("people", "archived_at")
