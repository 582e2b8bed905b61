"""Guard: losses as they are counted, the tray of those that are withheld, and the tombstones of those that went."""

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
    op.create_table(
        "losses",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=60), nullable=False),
        sa.Column("record_type", sa.String(length=20), nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("cause", JSON, nullable=False),
        sa.PrimaryKeyConstraint("record_id", "kind", "key", name=op.f("pk_losses")),
    )
    op.create_index("ix_losses_scope_at", "losses", ["scope", "at"], unique=False)
    op.create_table(
        "guard_scopes",
        sa.Column("scope", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_guard_scopes")),
    )
    op.create_table(
        "withheld",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=60), nullable=False),
        sa.Column("saas_instance_id", sa.Uuid(), nullable=True),
        sa.Column("integration_id", sa.Uuid(), nullable=True),
        sa.Column("record_type", sa.String(length=20), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("source_id", sa.String(length=200), nullable=True),
        sa.Column("proof", JSON, nullable=True),
        sa.Column("proven_at", TIMESTAMP, nullable=True),
        sa.Column("rule", JSON, nullable=True),
        sa.Column("cause", JSON, nullable=False),
        sa.Column("crossed", JSON, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("held_at", TIMESTAMP, nullable=False),
        sa.Column("seen_at", TIMESTAMP, nullable=False),
        sa.Column("decided_at", TIMESTAMP, nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("used_at", TIMESTAMP, nullable=True),
        sa.CheckConstraint("state IN ('held', 'released', 'discarded', 'moot')", name=op.f("ck_withheld_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withheld")),
    )
    op.create_index("ix_withheld_scope_state", "withheld", ["scope", "state"], unique=False)
    op.create_index("ix_withheld_record_id_state", "withheld", ["record_id", "state"], unique=False)
    op.create_index("ix_withheld_source_id_state", "withheld", ["source_id", "state"], unique=False)
    op.create_table(
        "tombstones",
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("email_key", sa.String(length=1000), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("saas_user_id", sa.Uuid(), nullable=False),
        sa.Column("deleted_at", TIMESTAMP, nullable=False),
        sa.Column("cause", JSON, nullable=False),
        sa.Column("returned_at", TIMESTAMP, nullable=True),
        sa.Column("returned_as", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("source_id", "integration_id", name=op.f("pk_tombstones")),
    )
    op.create_index("ix_tombstones_email_key_integration_id", "tombstones", ["email_key", "integration_id"], unique=False)


def downgrade() -> None:
    op.drop_table("tombstones")
    op.drop_table("withheld")
    op.drop_table("guard_scopes")
    op.drop_table("losses")
