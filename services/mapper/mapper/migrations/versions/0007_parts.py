"""Links know in which part of their source they were observed last."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("links", sa.Column("part", sa.String(length=200), nullable=False, server_default=sa.text("''")))
    op.create_index("ix_links_part_integration_id", "links", ["part", "integration_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_links_part_integration_id", "links")
    with op.batch_alter_table("links") as links:
        links.drop_column("part")
