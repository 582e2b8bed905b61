"""Sync keys of several fields, or compared their own way, and who has which value of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "match_keys",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("object_type", sa.String(20), nullable=False),
        sa.Column("parts", JSON, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_match_keys")),
    )
    op.create_table(
        "key_values",
        sa.Column("value", sa.String(1000), nullable=False),
        sa.Column("key", sa.String(63), nullable=False),
        sa.Column("shared", sa.String(32), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("value", "key", "shared", name=op.f("pk_key_values")),
    )
    op.create_index(op.f("ix_key_values_record_id"), "key_values", ["record_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_key_values_record_id"), "key_values")
    op.drop_table("key_values")
    op.drop_table("match_keys")
