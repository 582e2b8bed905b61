"""Integrations that were archived."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BEFORE = "state IN ('draft', 'active', 'paused')"
AFTER = "state IN ('draft', 'active', 'paused', 'archived')"


def upgrade() -> None:
    with op.batch_alter_table("integrations") as integrations:
        integrations.drop_constraint(op.f("ck_integrations_state"), type_="check")
        integrations.create_check_constraint(op.f("ck_integrations_state"), AFTER)


def downgrade() -> None:
    op.execute("UPDATE integrations SET state = 'paused' WHERE state = 'archived'")
    with op.batch_alter_table("integrations") as integrations:
        integrations.drop_constraint(op.f("ck_integrations_state"), type_="check")
        integrations.create_check_constraint(op.f("ck_integrations_state"), BEFORE)
