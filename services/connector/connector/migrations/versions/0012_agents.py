"""Agents, and the integrations and runs that are theirs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=50), nullable=False),
        sa.Column("providers", JSON, nullable=False),
        sa.Column("first_seen_at", TIMESTAMP, nullable=False),
        sa.Column("seen_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_agents")),
    )
    with op.batch_alter_table("integrations") as integrations:
        integrations.add_column(sa.Column("agent", sa.String(length=200), nullable=True))
        integrations.add_column(sa.Column("local_credential", sa.String(length=200), nullable=True))
    op.create_index(op.f("ix_integrations_agent"), "integrations", ["agent"], unique=False)
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("agent", sa.String(length=200), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.drop_column("agent")
    op.drop_index(op.f("ix_integrations_agent"), "integrations")
    with op.batch_alter_table("integrations") as integrations:
        integrations.drop_column("local_credential")
        integrations.drop_column("agent")
    op.drop_table("agents")
