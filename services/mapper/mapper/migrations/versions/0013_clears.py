"""Mappings say which of their targets a blank value empties."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("mapping_versions") as table:
        table.add_column(sa.Column("clears", JSON, nullable=False, server_default="[]"))
    with op.batch_alter_table("mapping_versions") as table:
        table.alter_column("clears", existing_type=JSON, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("mapping_versions") as table:
        table.drop_column("clears")
