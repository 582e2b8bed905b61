"""Roles of SaaS instances: each once, with the id that the SaaS gives it, if it gives one."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saas_roles",
        sa.Column("saas_instance_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=1100), nullable=False),
        sa.Column("external_id", sa.String(length=1024), nullable=True),
        sa.Column("label", sa.String(length=1024), nullable=False),
        sa.Column("label_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["saas_instance_id"], ["saas_instances.id"], name=op.f("fk_saas_roles_saas_instance_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("saas_instance_id", "key", name=op.f("pk_saas_roles")),
    )


def downgrade() -> None:
    op.drop_table("saas_roles")
