"""Credentials of every kind, envelope encryption, expiry dates, and typed variables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("credentials") as table:
        table.add_column(sa.Column("fields", JSON, nullable=True))
        table.add_column(sa.Column("data_key", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("changed_at", TIMESTAMP, nullable=True))
        table.add_column(sa.Column("expires_at", TIMESTAMP, nullable=True))
        table.add_column(sa.Column("warned_days", sa.Integer(), nullable=True))
    built = "jsonb_build_object" if op.get_bind().dialect.name == "postgresql" else "json_object"
    op.execute(sa.text(f"UPDATE credentials SET changed_at = created_at, fields = {built}('client_id', client_id)"))
    with op.batch_alter_table("credentials") as table:
        table.alter_column("fields", existing_type=JSON, nullable=False)
        table.alter_column("changed_at", existing_type=TIMESTAMP, nullable=False)
        table.drop_column("client_id")
    op.create_index(op.f("ix_credentials_key_id"), "credentials", ["key_id"], unique=False)
    op.create_index(op.f("ix_credentials_expires_at"), "credentials", ["expires_at"], unique=False)
    with op.batch_alter_table("variables") as table:
        table.add_column(sa.Column("type", sa.String(length=20), nullable=False, server_default="text"))
    with op.batch_alter_table("variables") as table:
        table.alter_column("type", existing_type=sa.String(length=20), server_default=None)


def downgrade() -> None:
    # Only client credentials encrypted by the master key itself have a place in the earlier version.
    op.execute("DELETE FROM credentials WHERE kind <> 'oauth2_client_credentials' OR data_key IS NOT NULL")
    with op.batch_alter_table("variables") as table:
        table.drop_column("type")
    op.drop_index(op.f("ix_credentials_expires_at"), table_name="credentials")
    op.drop_index(op.f("ix_credentials_key_id"), table_name="credentials")
    with op.batch_alter_table("credentials") as table:
        table.add_column(sa.Column("client_id", sa.String(length=200), nullable=True))
    read = "fields ->> 'client_id'" if op.get_bind().dialect.name == "postgresql" else "json_extract(fields, '$.client_id')"
    op.execute(sa.text(f"UPDATE credentials SET client_id = {read}"))
    with op.batch_alter_table("credentials") as table:
        table.alter_column("client_id", existing_type=sa.String(length=200), nullable=False)
        for name in ("fields", "data_key", "changed_at", "expires_at", "warned_days"):
            table.drop_column(name)
