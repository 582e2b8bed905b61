"""Mappings: notes, what was restored, custom API fields, pinned samples."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("mapping_versions") as table:
        table.add_column(sa.Column("api_fields", JSON, nullable=False, server_default="[]"))
        table.add_column(sa.Column("note", sa.String(length=1000), nullable=True))
        table.add_column(sa.Column("restored_from", sa.Integer(), nullable=True))
    with op.batch_alter_table("mapping_versions") as table:
        table.alter_column("api_fields", existing_type=JSON, server_default=None)
    op.create_table(
        "mapping_samples",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("record", JSON, nullable=False),
        sa.Column("inputs", JSON, nullable=False),
        sa.Column("expected", JSON, nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("changed_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mapping_samples")),
    )
    op.create_index(op.f("ix_mapping_samples_integration_id"), "mapping_samples", ["integration_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_mapping_samples_integration_id"), table_name="mapping_samples")
    op.drop_table("mapping_samples")
    with op.batch_alter_table("mapping_versions") as table:
        table.drop_column("restored_from")
        table.drop_column("note")
        table.drop_column("api_fields")
