"""Agents: accounts that fetch runs for local integrations, and may do nothing else."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLE = "ck_accounts_role"


def upgrade() -> None:
    with op.batch_alter_table("accounts") as accounts:
        accounts.drop_constraint(op.f(ROLE), type_="check")
        accounts.create_check_constraint(op.f(ROLE), "role IN ('viewer', 'operator', 'admin', 'agent')")


def downgrade() -> None:
    op.execute("DELETE FROM accounts WHERE role = 'agent'")
    with op.batch_alter_table("accounts") as accounts:
        accounts.drop_constraint(op.f(ROLE), type_="check")
        accounts.create_check_constraint(op.f(ROLE), "role IN ('viewer', 'operator', 'admin')")
