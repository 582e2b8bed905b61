"""Options of fields: mandatory, dropdowns, defaults, help, lengths."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NEEDED: dict[str, tuple[sa.types.TypeEngine[Any], str]] = {
    "mandatory": (sa.Boolean(), "false"),
    "whole": (sa.Boolean(), "false"),
    "revision": (sa.Integer(), "1"),
}


def upgrade() -> None:
    with op.batch_alter_table("fields") as table:
        for name, (kind, first) in NEEDED.items():
            table.add_column(sa.Column(name, kind, nullable=False, server_default=sa.text(first)))
        table.add_column(sa.Column("dropdown", sa.String(length=10), nullable=True))
        table.add_column(sa.Column("default_value", JSON, nullable=True))
        table.add_column(sa.Column("help", sa.String(length=1000), nullable=True))
        table.add_column(sa.Column("max_length", sa.Integer(), nullable=True))
    with op.batch_alter_table("fields") as table:
        for name, (kind, _) in NEEDED.items():
            table.alter_column(name, existing_type=kind, server_default=None)
    op.create_table(
        "field_options",
        sa.Column("object_type", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=63), nullable=False),
        sa.Column("folded", sa.String(length=1000), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("object_type", "key", "folded", name=op.f("pk_field_options")),
    )


def downgrade() -> None:
    op.drop_table("field_options")
    with op.batch_alter_table("fields") as table:
        for name in (*NEEDED, "dropdown", "default_value", "help", "max_length"):
            table.drop_column(name)
