"""Pages on their way out are compressed by LZ4, where PostgreSQL was built with it: its own way took more time than all else about them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KNOWS_LZ4 = sa.text("SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql" and connection.scalar(KNOWS_LZ4):
        op.execute("ALTER TABLE outbox ALTER COLUMN body SET COMPRESSION lz4")


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql" and connection.scalar(KNOWS_LZ4):
        op.execute("ALTER TABLE outbox ALTER COLUMN body SET COMPRESSION default")
